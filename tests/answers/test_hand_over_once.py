"""Each submission sends a draft once, and only its owner can change the delivery."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.answers.models import Handover
from apps.lookups.access import Requester, share_lookup
from apps.lookups.models import Lookup, Origin
from tests.answers.hooks import Receiver
from tests.answers.test_handing_over import handed
from tests.conftest import person, signed_in
from tests.web.asking import text

pytestmark = pytest.mark.django_db


def page_number(ana: Client, result: str) -> str:
    found = re.search(r'name="page" value="([0-9a-f-]{36})"', text(ana.get(f"{result}reply/")))
    assert found
    return found[1]


def test_a_form_submitted_twice_sends_once(ana: Client, result: str, receiver: Receiver) -> None:
    page = page_number(ana, result)
    handed(ana, result, page=page)
    handed(ana, result, page=page)
    assert len(receiver.ids) == 1
    assert Handover.objects.count() == 1
    assert "This was already sent." in text(ana.get(f"{result}reply/"))


def test_a_changed_text_from_the_same_page_is_sent_too(
    ana: Client, result: str, receiver: Receiver
) -> None:
    page = page_number(ana, result)
    handed(ana, result, page=page)
    handed(ana, result, page=page, text="Hello again")
    handed(ana, result, page="no number")
    handed(ana, result, page=page_number(ana, result))
    assert len(set(receiver.ids)) == 4


@pytest.mark.parametrize(("status", "do"), [(503, "cancel"), (400, "again")])
def test_people_a_lookup_is_shared_with_cannot_change_deliveries(
    status: int, do: str, ana: Client, agent: User, result: str, receiver: Receiver
) -> None:
    receiver.status = status
    handover = handed(ana, result)
    reader = person("rita", "agent")
    lookup = Lookup.objects.get()
    share_lookup(lookup, reader, requester=Requester(Origin.WEB, agent))
    rita = signed_in(reader)
    assert 'name="handover"' not in text(rita.get(f"{result}reply/"))
    assert 'name="handover"' in text(ana.get(f"{result}reply/"))
    answer = rita.post(f"{result}handover/", {"handover": handover.pk, "do": do})
    assert answer.status_code == 403
    handover.refresh_from_db()
    assert handover.attempts == 1
    assert handover.state == ("waiting" if do == "cancel" else "failed")
    own = handed(rita, result)
    assert rita.post(f"{result}handover/", {"handover": own.pk, "do": do}).status_code == 303
