"""Hostile files of known errors are refused with an explanation."""

import io
import random
import zipfile
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from apps.known_errors.files import to_text
from apps.known_errors.models import KnownError
from tests.answers.test_files import checked, run
from tests.conftest import signed_in
from tests.known_errors.entries import build_entry

pytestmark = pytest.mark.django_db

_PATTERN = "pattern:\n  issue: WEB-1\n"


def file_of(front: str) -> bytes:
    return f"---\n{front}{_PATTERN}---\n\nIt broke.\n".encode()


@pytest.mark.parametrize(
    "front",
    [
        'title: "\\uD800"\n',
        'title: x\nowner: "\\uDFFF"\n',
        'title: x\nstate: fixed\nfixed_in: "\\uD800"\n',
        'title: x\n"\\uD800": x\n',
        'title: x\nvalid_from: "\\uD800"\n',
        'title: "x\\e[31m"\n',
        'title: "x\\r\\x85y"\n',
        'title: x\nowner: "a\\u2028b"\n',
    ],
)
def test_a_malformed_value_is_explained(front: str, lead: User) -> None:
    page = checked(signed_in(lead), ("a.md", file_of(front)))
    messages = (
        "contains a character that isn&#x27;t allowed in text",
        "must be one line of plain text",
    )
    assert any(one in page for one in messages)
    assert 'name="checked"' not in page


def test_the_command_prints_no_control_characters(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2J.md").write_bytes(file_of('"\\e]0;owned\\a": x\ntitle: y\n'))
    out, err = run("import_known_errors", tmp_path)
    assert "There is no field named" in err
    assert "\x1b" not in out + err
    assert "\a" not in out + err


@pytest.mark.parametrize(
    "way", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_a_deceptive_zip_is_explained(way: int, lead: User) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", way) as archive:
        archive.writestr("ä.md", to_text(build_entry("a")) * 30)
    whole, chance, browser = content.getvalue(), random.Random(way), signed_in(lead)  # noqa: S311
    for _ in range(25):
        broken = bytearray(whole)
        for _ in range(3):
            broken[chance.randrange(4, len(broken))] = chance.randrange(256)
        checked(browser, ("a.zip", bytes(broken)))
    for place in (whole.index(b"PK\x01\x02"), whole.index(b"PK\x05\x06")):
        broken = bytearray(whole)
        broken[place + 46 if whole[place + 2] == 1 else place + 18] = 0xFF
        page = checked(browser, ("a.zip", bytes(broken)))
        assert "can&#x27;t be read" in page or "contains no Markdown (.md) files" in page
    assert not KnownError.objects.exists()


def test_checking_stops_after_ten_refusals(lead: User) -> None:
    front = "title: x\nlinks:\n" + "  - {label: a, address: https://a.example}\n" * 600
    page = checked(signed_in(lead), *((f"{n}.md", file_of(front)) for n in range(15)))
    assert page.count("It has too many values.") == 10
    assert "5 more files" in page
    assert 'name="checked"' not in page
