"""Export presets: admins write the prompts, agents choose them."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.lookups.models import ExportPreset
from tests.conftest import signed_in
from tests.web.asking import look_up, text

pytestmark = pytest.mark.django_db

LIST = "/admin/lookups/exportpreset/"


def form(**changes: object) -> dict[str, object]:
    """Return valid admin form data for a preset, with overrides."""
    data = {
        "name": "summary",
        "label": "Sum it up",
        "instruction": "Sum it up in one sentence.",
        "position": 5,
        "is_active": "on",
    }
    return {**data, **changes}


def change_url(name: str) -> str:
    return f"{LIST}{ExportPreset.objects.get(name=name).pk}/change/"


def download(ana: Client, address: str, preset: str) -> str:
    response = ana.get(f"{address}export.md", {"preset": preset})
    assert response.status_code == 200
    return text(response)


def test_edited_prompt_precedes_unchanged_data(ana: Client, admin: User) -> None:
    address = look_up(ana)
    before = download(ana, address, "explain")
    edited = form(name="explain", label="Tell it", instruction="Tell it\r\nin Spanish. ")
    saved = signed_in(admin).post(change_url("explain"), edited)
    assert saved.status_code == 302
    after = download(ana, address, "explain")
    assert after.startswith("Tell it\nin Spanish.\n\n")
    assert after.split("\n\n", 1)[1] == before.split("\n\n", 1)[1]
    assert ExportPreset.objects.get(name="explain").changed_by == admin


def test_new_preset_is_listed_by_position_after_none(ana: Client, admin: User) -> None:
    signed_in(admin).post(f"{LIST}add/", form())
    address = look_up(ana)
    names = [preset.name for preset in ana.get(address).context["presets"]]
    assert names == ["none", "summary", "explain", "reply", "bug", "cause"]
    assert download(ana, address, "summary").startswith("Sum it up in one sentence.\n\n")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"instruction": "Write a long story. " * 40}, "the limit for a prompt is 100"),
        ({"instruction": " "}, "This field is required"),
        ({"name": "none"}, "reserved for “no prompt.”"),
        ({"name": "explain"}, "already exists"),
        ({"name": "two words"}, "valid"),
    ],
)
def test_invalid_preset_is_rejected(
    ana: Client, admin: User, changes: dict[str, object], sentence: str
) -> None:
    response = signed_in(admin).post(f"{LIST}add/", form(**changes))
    assert response.status_code == 200
    assert sentence in text(response)
    assert ExportPreset.objects.count() == 4


def test_preset_name_cannot_be_changed(ana: Client, admin: User) -> None:
    signed_in(admin).post(change_url("bug"), form(name="other", label="Ticket"))
    assert ExportPreset.objects.get(name="bug").label == "Ticket"


def test_old_link_to_removed_preset_lists_available_presets(ana: Client, admin: User) -> None:
    address = look_up(ana)
    signed_in(admin).post(change_url("bug"), form(is_active=""))
    ExportPreset.objects.filter(name="cause").delete()
    for preset in ("bug", "cause"):
        for page in (address, f"{address}export.md"):
            response = ana.get(page, {"preset": preset})
            assert response.status_code == 400
            assert "Choose one of: none, explain, reply." in text(response)


def test_only_admins_manage_presets(ana: Client, lead: User) -> None:
    assert signed_in(lead).get(LIST).status_code == 403
    assert ana.get(LIST).status_code == 403
