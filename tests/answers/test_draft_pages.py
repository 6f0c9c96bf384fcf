"""The pages for replies and escalations."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.answers.models import DraftTemplate, Handover
from apps.audit.models import Action, Entry
from apps.lookups.models import Lookup
from tests.answers.hooks import Receiver
from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry
from tests.web.asking import look_up, text
from tests.web.pages import Page
from tests.web.teams import team


def draft_of(page: str) -> str:
    """Return the content of the text area."""
    found = re.search(r'<textarea id="draft-text"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    assert found
    return unescape(found[1])


def made(client: Client, address: str, **posted: object) -> str:
    response = client.post(address, {"do": "make", **posted})
    assert response.status_code == 200, text(response)
    return draft_of(text(response))


def test_a_result_links_to_both_drafts(ana: Client, result: str) -> None:
    page = text(ana.get(result))
    assert f'href="{result}reply/"' in page
    assert f'href="{result}escalation/"' in page


def test_a_reply_greets_by_name_and_quotes_no_event(ana: Client, result: str) -> None:
    reply = made(ana, f"{result}reply/", name="Jane  <b>Doe\u202e")
    assert reply.startswith("Hello Jane <b>Doe,\n\n")
    assert "The payment was declined." in reply
    assert "We saw this once" in reply
    assert "We're sorry" in reply
    assert "PaymentDeclined" not in reply
    assert "{" not in reply
    assert "\n\n\n" not in reply


def test_a_draft_needs_a_problem(ana: Client, result: str) -> None:
    for action in ("make", "keep", "hand over"):
        posted = {"do": action, "choosing": "yes", "text": "As I wrote it."}
        response = ana.post(f"{result}reply/", posted)
        page = text(response)
        assert response.status_code == 400
        assert "Choose at least one problem." in page
        assert draft_of(page) == "As I wrote it."
        boxes = [one for one in Page(page).all("input") if one.get("name") == "problem"]
        assert ["checked" in one for one in boxes] == [False]
    assert not Handover.objects.exists()


def test_the_name_is_not_stored(ana: Client, result: str) -> None:
    response = ana.post(f"{result}reply/", {"do": "make", "name": "Jane Doe"})
    assert "Jane Doe" in text(response)
    assert "Jane Doe" not in draft_of(text(ana.get(f"{result}reply/")))
    assert "Jane" not in str(Entry.objects.values_list())
    assert "Jane" not in str(ana.session.items())


def test_a_reply_starts_with_the_name_in_the_email_and_keeps_what_was_typed(ana: Client) -> None:
    address = f"{look_up(ana, customer='jane.doe@example.com')}reply/"
    first = text(ana.get(address))
    assert draft_of(first).startswith("Hello Jane Doe,")
    assert 'value="Jane Doe"' in first
    assert "It comes from the customer you typed" in first
    assert made(ana, address, name="").startswith("Hello,")
    assert "Jane Doe" not in text(ana.get(address.replace("reply", "escalation")))


def test_an_escalation_has_facts_and_links(ana: Client, result: str) -> None:
    draft = made(ana, f"{result}escalation/")
    assert "## Facts" in draft
    assert "`web@2.14.0`" in draft
    assert "production" in draft
    assert f"http://testserver{result}" in draft
    assert "`PaymentDeclined: Card declined`" in draft
    assert "/issues/" in draft
    assert "is complete" in draft
    assert "1001" not in draft.replace(result, "")


def test_the_plain_text_has_no_markup(ana: Client, result: str) -> None:
    draft = made(ana, f"{result}escalation/", format="text")
    assert "Facts:" in draft
    assert "Error: PaymentDeclined: Card declined" in draft
    assert "`" not in draft
    assert "#" not in draft


def test_a_complete_empty_result_of_an_unknown_customer_claims_nothing(
    ana: Client, connected: DemoSentry
) -> None:
    result = look_up(ana, customer="9999")
    ana.get(result)
    reply = made(ana, f"{result}reply/")
    assert "recorded no errors" not in reply
    assert "We found nothing under the one we have." in reply
    draft = made(ana, f"{result}escalation/")
    assert "The list is complete" in draft
    assert "##" in draft
    assert "Problems" not in draft


def test_an_incomplete_empty_result_never_reads_as_no_errors(
    ana: Client, connected: DemoSentry
) -> None:
    old = MOMENT.replace(year=MOMENT.year - 1)
    result = look_up(ana, customer="9999", at=old.isoformat())
    ana.get(result)
    reply = made(ana, f"{result}reply/")
    assert "We haven't found any errors for you between" in reply
    assert "couldn't check everything" in reply
    assert "doesn't mean that nothing went wrong" in reply
    assert "may have been some" in made(ana, f"{result}escalation/")
    assert "This result is incomplete, and the draft says so." in text(ana.get(f"{result}reply/"))


def test_problems_can_be_chosen(ana: Client, connected: DemoSentry) -> None:
    connected.world.add_event(
        user_id="1001", timestamp=MOMENT, project="web", exception=("MemoryError", "")
    )
    result = look_up(ana)
    page = Page(text(ana.get(f"{result}escalation/")))
    problems = [one for one in page.all("input") if one.get("name") == "problem"]
    assert len(problems) == 2
    draft = made(ana, f"{result}escalation/", problem=problems[1]["value"])
    assert draft.count("### ") == 1
    other = made(ana, f"{result}escalation/", problem=problems[0]["value"])
    assert draft != other


def test_the_mail_link_has_the_edited_draft(ana: Client, result: str) -> None:
    posted = {"do": "keep", "subject": "50% & more", "text": "Zoë: a=b&c\r\n\r\nünd +1 #x"}
    page = Page(text(ana.post(f"{result}reply/", posted)))
    (link,) = [one["href"] for one in page.all("a") if one.get("href", "").startswith("mailto:")]
    parts = urlsplit(link)
    assert parts.path == ""
    assert parts.fragment == ""
    assert "+" not in parts.query
    assert parse_qs(parts.query) == {
        "subject": ["50% & more"],
        "body": ["Zoë: a=b&c\r\n\r\nünd +1 #x"],
    }


def test_an_overlong_draft_has_to_be_copied(ana: Client, result: str) -> None:
    page = text(ana.post(f"{result}reply/", {"do": "keep", "text": "ü" * 400}))
    assert "mailto:" not in page
    assert "data-too-long>This is too long for an email link. Copy it instead." in page


def test_copying_is_recorded_without_the_text(ana: Client, result: str) -> None:
    response = ana.post(f"{result}drafted/", {"kind": "reply", "how": "copied", "text": "Jane"})
    assert response.status_code == 204
    entry = Entry.objects.filter(action=Action.DRAFTED).get()
    assert entry.detail == {"draft": "reply", "how": "copied"}
    assert ana.post(f"{result}drafted/", {"kind": "x", "how": "copied"}).status_code == 400


def test_redaction_of_an_escalation_is_shown_before_sending(
    ana: Client, result: str, receiver: Receiver
) -> None:
    drafted = made(ana, f"{result}escalation/")
    typed = f"{drafted}\nAsk jane@example.com, customer 1001"
    posted = {"do": "hand over", "subject": "It broke for 1001", "text": typed}
    page = text(ana.post(f"{result}escalation/", posted))
    assert "Hidden: 1 email, the customer. Nothing has been sent yet." in page
    assert receiver.ids == []
    shown = draft_of(page)
    assert drafted in shown
    assert "jane@" not in shown
    assert "Ask <email-1001>, customer <customer>" in shown
    again = {**posted, "subject": "It broke for <customer>", "text": shown}
    assert ana.post(f"{result}escalation/", again).status_code == 303
    assert "jane@" not in str(receiver.messages)


@pytest.mark.parametrize("typed", ["  \n ", "x" * 20_001])
def test_empty_and_overlong_drafts_are_not_sent(
    typed: str, ana: Client, result: str, receiver: Receiver
) -> None:
    response = ana.post(f"{result}reply/", {"do": "hand over", "text": typed})
    assert response.status_code == 400
    assert not Handover.objects.exists()


def test_nothing_is_sent_without_a_webhook(ana: Client, result: str) -> None:
    assert "Send to webhook</button>" not in text(ana.get(f"{result}reply/"))
    response = ana.post(f"{result}reply/", {"do": "hand over", "text": "x"})
    assert response.status_code == 400
    assert not Handover.objects.exists()


def test_drafting_requires_access_to_the_lookup(
    ana: Client, result: str, other_agent: User, receiver: Receiver
) -> None:
    ben = signed_in(other_agent)
    for page in ("reply/", "escalation/"):
        assert ben.get(f"{result}{page}").status_code == 404
        posted = {"do": "hand over", "text": "x"}
        assert ben.post(f"{result}{page}", posted).status_code == 404
    assert receiver.ids == []


def test_a_draft_has_only_projects_of_its_reader(
    agent: User, ana: Client, connected: DemoSentry
) -> None:
    for project, kind in (("api", "SecretError"), ("web", "PaymentDeclined")):
        connected.world.add_event(
            user_id="2002", timestamp=MOMENT, project=project, exception=(kind, "it broke")
        )
    whole = look_up(ana, customer="2002")
    assert "SecretError" in made(ana, f"{whole}escalation/")
    team("One", ["web"], agent)
    draft = made(ana, f"{whole}escalation/")
    assert "SecretError" not in draft
    assert "PaymentDeclined" in draft
    assert "incomplete" in draft


def test_a_purged_lookup_has_no_drafts(ana: Client, result: str) -> None:
    Lookup.objects.update(purged_at=MOMENT, snapshot=None)
    assert ana.get(f"{result}reply/").status_code == 410


def test_the_page_explains_that_no_template_is_in_use(ana: Client, result: str) -> None:
    DraftTemplate.objects.update(is_active=False)
    response = ana.get(f"{result}reply/")
    assert response.status_code == 400
    assert "Ask a lead to turn one on under Manage." in text(response)
