"""The previewed text is sent, and the answer is shown as untrusted text."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from apps.audit.models import Action, Entry
from apps.explain.models import Explanation, ExplanationState, Spending
from tests.conftest import MOMENT
from tests.demo_sentry import DemoSentry
from tests.explain.asking import KEY, Explainer, read
from tests.explain.model_server import Handler, ModelServer, line, says
from tests.known_errors.entries import create_entry
from tests.web.asking import look_up

pytestmark = pytest.mark.django_db


def test_the_previewed_text_is_sent_byte_for_byte(explainer: Explainer, model: ModelServer) -> None:
    previewed = explainer.preview()
    explainer.answer()
    (seen,) = model.seen
    sent = json.loads(seen.body)
    assert sent.pop("messages") == [{"role": "user", "content": previewed}]
    assert sent == {
        "model": "tiny-1",
        "max_tokens": 500,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert json.dumps(previewed, ensure_ascii=False).encode() in seen.body
    assert "anna@example.org" not in previewed
    assert explainer.event in previewed


def test_no_facts_about_the_system_are_sent(
    explainer: Explainer, model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "our-organization")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/")
    explainer.answer()
    (seen,) = model.seen
    headers = {name.lower(): value for name, value in seen.headers.items()}
    assert headers.pop("authorization") == f"Bearer {KEY}"
    assert set(headers) <= {
        *("host", "accept", "accept-encoding", "content-type", "content-length", "user-agent"),
        "connection",
    }
    assert headers["user-agent"] == "Triage"


def test_a_text_changed_since_its_preview_is_shown_instead_of_sent(
    explainer: Explainer, model: ModelServer
) -> None:
    response = explainer.refused("0" * 64)
    assert response.status_code == 409
    assert "Nothing was sent" in response.content.decode()
    assert explainer.event in response.content.decode()
    assert model.seen == []
    assert not Explanation.objects.exists()


def test_a_known_reply_is_sent_with_its_variables_filled_in(explainer: Explainer) -> None:
    create_entry(reply="It broke on {moment}.")
    previewed = explainer.preview()
    assert "(Berlin time)." in previewed
    assert "{moment}" not in previewed


def test_a_cause_has_its_confidence_and_links_to_its_events(
    explainer: Explainer, model: ModelServer
) -> None:
    model.will(says(line("The bank said no.", explainer.event, confidence="medium")))
    page = explainer.answer()
    assert "The bank said no." in page
    assert "The model is not sure" in page
    assert f'href="{explainer.address}events/{explainer.event}/"' in page
    assert "Not backed by any event" not in page
    assert "The answer is complete." in page
    assert "These are a model’s guesses" in page


@pytest.mark.parametrize("events", [[], ["ffffffffffffffffffffffffffffffff"], ["1"], [""]])
def test_a_cause_without_a_known_event_is_marked(
    explainer: Explainer, model: ModelServer, events: list[str]
) -> None:
    model.will(says(line("The moon was full.", *events)))
    page = explainer.answer()
    assert "The moon was full." in page
    assert "Not backed by any event." in page
    assert "/events/" not in page.partition('role="log"')[2]
    assert ("not in the text" in page) == any(events)


def test_a_shortened_event_id_is_resolved(explainer: Explainer, model: ModelServer) -> None:
    model.will(says(line("The bank said no.", explainer.event[:12].upper())))
    assert f"events/{explainer.event}/" in explainer.answer()


def test_a_cause_can_rest_on_a_log_or_a_request(
    explainer: Explainer, model: ModelServer, connected: DemoSentry
) -> None:
    """The result has no errors, which does not keep anyone from asking."""
    own: Any = {"user": {"id": "77"}, "project": "web"}
    failed: Any = {**own, "http_status": 502, "is_transaction": True, "transaction": "POST /pay"}
    log = connected.world.add_log(MOMENT, "Coupon refused: expired", **own)
    later = MOMENT + timedelta(minutes=1)
    span = connected.world.add_span(later, 90.0, "http.server", "POST /pay", **failed)
    ids = [str(row.columns["id"]) for row in (log, span)]
    again = replace(explainer, address=look_up(explainer.client, customer="77"))
    previewed = again.preview()
    model.will(says(line("Both.", *ids), line("None.", "f" * 32)))
    page = again.answer()
    for one, sentence in zip(ids, ("had expired", "A payment request failed"), strict=True):
        assert one in previewed
        assert f"{again.address}#seen-{one}" in page
        assert sentence in page
    assert page.count("Not backed by any event") == 1


def test_the_answer_is_streamed(explainer: Explainer, model: ModelServer) -> None:
    first, second = line("First."), line("Second.")

    def play(handler: Handler) -> None:
        handler.begin()
        handler.say(first)
        handler.wait()
        handler.say(second)
        handler.stop()

    model.will(play)
    pages = iter(explainer.begin())
    seen = b""
    while b"First." not in seen:
        seen += next(pages)
    assert b"Second." not in seen
    model.go_on.set()
    assert b"Second." in b"".join(pages)


def test_an_explanation_is_recorded_without_its_text(
    explainer: Explainer, model: ModelServer
) -> None:
    explainer.answer()
    stored = Explanation.objects.get()
    assert (stored.state, stored.tokens_in, stored.tokens_out, stored.is_told) == (
        *(ExplanationState.COMPLETE, 900, 60),
        True,
    )
    assert stored.cost == 900 * 0.5 + 60 * 2
    assert (stored.user and stored.user.username, stored.model) == ("ana", "tiny-1")
    entry = Entry.objects.get(action=Action.EXPLAINED)
    assert entry.target == f"lookup {stored.lookup.uuid}"
    assert entry.detail["digest"] == stored.digest
    recorded = f"{entry.detail} {vars(stored)}"
    assert "declined" not in recorded
    assert KEY not in recorded
    spent = Spending.objects.get()
    assert (spent.tokens, spent.cost) == (960, stored.cost)


def test_a_call_is_recorded_before_it_is_made(explainer: Explainer, model: ModelServer) -> None:
    response = explainer.begin()
    assert model.seen == []
    assert Entry.objects.filter(action=Action.EXPLAINED).count() == 1
    read(response)
    assert len(model.seen) == 1
