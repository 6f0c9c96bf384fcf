"""Export and import of known errors, in the admin and on the command line."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from apps.audit.models import Action, Entry
from apps.known_errors.files import to_text
from apps.known_errors.models import KnownError
from tests.answers.forms import LIST
from tests.conftest import person, signed_in
from tests.known_errors.entries import build_entry, create_entry
from tests.web.pages import Page

pytestmark = pytest.mark.django_db

IMPORT = f"{LIST}import/"


def run(*arguments: object) -> tuple[str, str]:
    """Return a command's standard output and error, including the message of a CommandError."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(*map(str, arguments), stdout=out, stderr=err)
    except CommandError as failed:
        err.write(str(failed))
    return out.getvalue(), err.getvalue()


def checked(client: Client, *files: tuple[str, bytes]) -> str:
    """Upload files to be checked, and return the report."""
    sent: dict[str, Any] = {"files": [SimpleUploadedFile(*file) for file in files]}
    response = client.post(IMPORT, sent)
    assert response.status_code == 200
    return response.content.decode()


def carried(page: str) -> str:
    """Return the signed files in the report."""
    return next(one["value"] for one in Page(page).all("input") if one.get("name") == "checked")


def test_an_unchanged_export_imports_without_new_versions(tmp_path: Path) -> None:
    entries = [
        create_entry(f"entry-{n}", workaround="Another card.", owner=f"Team {n}") for n in (1, 2)
    ]
    assert run("export_known_errors", tmp_path)[0] == "2 known errors, 2 files updated.\n"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["entry-1.md", "entry-2.md"]
    assert run("export_known_errors", tmp_path)[0] == "2 known errors, 0 files updated.\n"
    assert run("import_known_errors", tmp_path)[0] == "0 imported, 2 unchanged.\n"
    assert [entry.history.count() for entry in entries] == [1, 1]
    exports = Entry.objects.filter(action=Action.REVIEWED, target="known errors")
    assert exports.count() == 2


def test_an_import_adds_and_changes_entries_and_keeps_others(tmp_path: Path) -> None:
    create_entry("other")
    entry = create_entry("card-declined")
    (tmp_path / "card-declined.md").write_text(
        to_text(build_entry("card-declined", owner="Payments"))
    )
    (tmp_path / "brand-new.md").write_text(
        "---\ntitle: New\npattern:\n  issue: WEB-7\n---\n\nIt is new.\n"
    )
    changes = "brand-new: new\ncard-declined: owner\n"
    out, _err = run("import_known_errors", tmp_path, "--dry-run")
    assert out == f"{changes}2 would be imported, 0 unchanged.\n"
    assert KnownError.objects.count() == 2
    assert run("import_known_errors", tmp_path)[0] == f"{changes}2 imported, 0 unchanged.\n"
    entry.refresh_from_db()
    assert entry.owner == "Payments"
    assert KnownError.objects.get(slug="brand-new").pattern == {"issue": "WEB-7"}
    assert KnownError.objects.count() == 3
    recorded = Entry.objects.filter(action=Action.CATALOGUED)
    assert {(one.origin, one.target, one.detail["change"]) for one in recorded} == {
        ("cli", "known error brand-new", "added from a file"),
        ("cli", "known error card-declined", "changed by a file"),
    }
    assert entry.history.first().history_change_reason.startswith("changed by a file by ")


def test_one_refused_file_stops_the_whole_import(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(to_text(build_entry("a")))
    (tmp_path / "b.md").write_text(to_text(build_entry("b", state="planned")))
    (tmp_path / "c.md").write_text("no front matter")
    (tmp_path / "d.md").write_text(to_text(build_entry("a")))
    (tmp_path / "E F.md").write_text(to_text(build_entry("")).replace("name: ''\n", ""))
    out, err = run("import_known_errors", tmp_path)
    assert out == ""
    assert f"{tmp_path}/b.md: planned_for: Enter the date" in err
    assert f"{tmp_path}/c.md: front matter: It doesn't start" in err
    assert f"{tmp_path}/d.md: name: Another file also uses the name a." in err
    assert f"{tmp_path}/E F.md: name: Use lowercase letters" in err
    assert err.endswith("Nothing was imported.")
    assert not KnownError.objects.exists()


def test_a_missing_path_is_reported(tmp_path: Path) -> None:
    assert "can't be read" in run("import_known_errors", tmp_path / "gone.md")[1]
    assert "There are no Markdown (.md) files." in run("import_known_errors", tmp_path)[1]


def test_a_lead_downloads_one_entry_and_all_of_them(lead: User) -> None:
    entry = create_entry()
    client = signed_in(lead)
    one = client.get(f"{LIST}{entry.pk}/markdown/")
    assert one.content.decode() == to_text(entry)
    assert one["Content-Disposition"] == 'attachment; filename="card-declined.md"'
    everything = client.get(f"{LIST}export/")
    with zipfile.ZipFile(io.BytesIO(everything.content)) as archive:
        assert archive.namelist() == ["card-declined.md"]
    assert Entry.objects.filter(action=Action.REVIEWED, actor="lea").count() == 2


def test_an_upload_is_checked_before_it_is_imported(lead: User) -> None:
    create_entry("card-declined")
    client = signed_in(lead)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("errors/card-declined.md", to_text(build_entry(owner="Payments")))
        archive.writestr("README.txt", "not one")
    page = checked(
        client, ("all.zip", content.getvalue()), ("b.md", to_text(build_entry("b")).encode())
    )
    assert "<strong>card-declined</strong>: owner" in page
    assert "<strong>b</strong>: new" in page
    assert KnownError.objects.count() == 1
    response = client.post(IMPORT, {"checked": carried(page)}, follow=True)
    assert "Imported: 2." in response.content.decode()
    assert KnownError.objects.get(slug="card-declined").owner == "Payments"
    version = KnownError.objects.get(slug="b").history.get()
    assert (version.history_user, version.history_change_reason) == (lead, "added from a file")


def test_a_refused_upload_cannot_be_imported(lead: User) -> None:
    page = checked(
        signed_in(lead), ("<b>.md", b"nothing"), ("a.md", to_text(build_entry("a")).encode())
    )
    assert "&lt;b&gt;.md</bdi></strong>, front matter: It doesn&#x27;t start" in page
    assert 'name="checked"' not in page
    assert not KnownError.objects.exists()


def test_only_ones_own_checked_files_are_imported(lead: User) -> None:
    page = checked(signed_in(lead), ("a.md", to_text(build_entry("a")).encode()))
    other = signed_in(person("lou", "lead"))
    for signed in (carried(page), carried(page)[:-1], "x"):
        answer = other.post(IMPORT, {"checked": signed}).content.decode()
        assert "This check has expired." in answer
    assert not KnownError.objects.exists()


@pytest.mark.parametrize("content", [b"PK\x03\x04 broken", b""])
def test_an_invalid_file_is_explained(lead: User, content: bytes) -> None:
    page = checked(signed_in(lead), ("a.zip", content))
    assert "can&#x27;t be read" in page or "It doesn&#x27;t start" in page


def test_a_zip_bomb_is_refused(lead: User) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(100):
            archive.writestr(f"{number}.md", b"a" * 200_000)
    page = checked(signed_in(lead), ("bomb.zip", content.getvalue()))
    assert "This is too large to upload here." in page
