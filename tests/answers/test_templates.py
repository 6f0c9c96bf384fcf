"""The admin pages of draft templates and deliveries."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from apps.answers.models import DraftTemplate, Handover
from apps.audit.models import Action, Entry
from apps.lookups.models import Lookup
from tests.answers.hooks import Receiver
from tests.conftest import signed_in
from tests.web.asking import text

LIST = "/admin/answers/drafttemplate/"


def posted(**changes: str) -> dict[str, str]:
    return {
        "kind": "reply",
        "name": "mine",
        "label": "Mine",
        "subject": "About {moment}",
        "body": "{greeting}\r\n\r\n{happened}",
        "position": "5",
        "is_active": "on",
        **changes,
    }


@pytest.mark.django_db
def test_a_new_site_has_templates_of_both_kinds() -> None:
    kinds = set(DraftTemplate.objects.values_list("kind", flat=True))
    assert kinds == {"reply", "escalation"}
    for template in DraftTemplate.objects.all():
        template.full_clean()


def test_a_lead_adds_a_template_which_is_recorded(lead: User) -> None:
    response = signed_in(lead).post(f"{LIST}add/", posted())
    assert response.status_code == 302, text(response)
    template = DraftTemplate.objects.get(name="mine")
    assert template.body == "{greeting}\n\n{happened}"
    assert template.changed_by == lead
    entry = Entry.objects.get(action=Action.SETTING_CHANGED)
    assert entry.target == "draft template mine"


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("body", "{name} hello", "There is no variable {name}."),
        ("body", "{steps}", "There is no variable {steps}."),
        ("body", "{greeting!r}", "There is no variable {greeting}."),
        ("body", "{greeting.__class__}", "There is no variable"),
        ("subject", "a { b", "is on its own"),
    ],
)
def test_an_unknown_variable_is_rejected(field: str, typed: str, message: str, lead: User) -> None:
    page = text(signed_in(lead).post(f"{LIST}add/", posted(**{field: typed})))
    assert message in page
    assert not DraftTemplate.objects.filter(name="mine").exists()


def test_the_form_lists_the_variables(lead: User) -> None:
    page = text(signed_in(lead).get(f"{LIST}add/"))
    assert "{greeting}" in page
    assert "the steps before the failure" in page


def test_a_preview_saves_nothing(lead: User) -> None:
    client = signed_in(lead)
    before = DraftTemplate.objects.count()
    page = text(client.post(f"{LIST}example/", posted()))
    assert "Hello Jane," in page
    assert "The payment was declined." in page
    assert "About 20 Nov 2026, 14:05 (Berlin time)" in page
    escalation = posted(kind="escalation", body="{impact}\n{steps}", subject="{title}")
    assert "57 customers" in text(client.post(f"{LIST}example/", escalation))
    assert "There is no variable {x}" in text(client.post(f"{LIST}example/", posted(body="{x}")))
    assert DraftTemplate.objects.count() == before


def test_agents_cannot_write_templates(agent: User) -> None:
    client = signed_in(agent)
    assert client.get(LIST).status_code == 403
    assert client.post(f"{LIST}example/", posted()).status_code == 403


def test_an_unknown_kind_is_rejected(db: None) -> None:
    with pytest.raises(ValidationError):
        DraftTemplate(**{**posted(), "kind": "x", "position": 5, "is_active": True}).full_clean()


def test_the_admin_lists_deliveries_without_texts(
    admin: User, result: str, receiver: Receiver
) -> None:
    receiver.status = 500
    client = signed_in(admin)
    handover = Handover(lookup=Lookup.objects.get(), kind="reply", by=admin)
    handover.encrypt_body(b"Hello Jane Doe")
    handover.save()
    page = text(client.get("/admin/answers/handover/"))
    assert "waiting" in page
    one = text(client.get(f"/admin/answers/handover/{handover.pk}/change/"))
    assert handover.message_id in one
    assert "Jane" not in page + one
