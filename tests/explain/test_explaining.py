"""What is previewed is what is sent; what comes back stands on the page as text of a stranger."""

import json

import pytest

from apps.audit.models import Action, Entry
from apps.explain.models import Explanation, Spending, State
from tests.explain.asking import KEY, Asked, read
from tests.explain.model_server import Handler, ModelServer, line, says
from tests.known_errors.entries import kept

pytestmark = pytest.mark.django_db


def test_what_goes_over_the_wire_is_byte_for_byte_what_was_previewed(
    asked: Asked, model: ModelServer
) -> None:
    previewed = asked.preview()
    asked.answer()
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
    assert asked.event in previewed


def test_nothing_of_this_machine_is_sent_beside_it(
    asked: Asked, model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "our-organization")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/")
    asked.answer()
    (seen,) = model.seen
    told = {name.lower(): value for name, value in seen.headers.items()}
    assert told.pop("authorization") == f"Bearer {KEY}"
    assert set(told) <= {
        *("host", "accept", "accept-encoding", "content-type", "content-length", "user-agent"),
        "connection",
    }
    assert told["user-agent"] == "Triage"


def test_a_text_that_has_changed_since_is_not_sent_but_shown(
    asked: Asked, model: ModelServer
) -> None:
    response = asked.refused("0" * 64)
    assert response.status_code == 409
    assert "Nothing was sent" in response.content.decode()
    assert asked.event in response.content.decode()
    assert model.seen == []
    assert not Explanation.objects.exists()


def test_a_known_reply_is_sent_as_the_customer_would_read_it(asked: Asked) -> None:
    kept(reply="It broke on {moment}.")
    previewed = asked.preview()
    assert "(Berlin time)." in previewed
    assert "{moment}" not in previewed


def test_a_cause_stands_with_its_confidence_and_a_link_to_its_event(
    asked: Asked, model: ModelServer
) -> None:
    model.will(says(line("The bank said no.", asked.event, confidence="medium")))
    page = asked.answer()
    assert "The bank said no." in page
    assert "The model is not sure" in page
    assert f'href="{asked.address}events/{asked.event}/"' in page
    assert "Not backed by any event" not in page
    assert "The answer is complete." in page
    assert "These are a model’s guesses" in page


@pytest.mark.parametrize("events", [[], ["ffffffffffffffffffffffffffffffff"], ["1"], [""]])
def test_a_claim_that_rests_on_no_event_of_the_text_is_marked(
    asked: Asked, model: ModelServer, events: list[str]
) -> None:
    model.will(says(line("The moon was full.", *events)))
    page = asked.answer()
    assert "The moon was full." in page
    assert "Not backed by any event." in page
    assert "/events/" not in page.partition('role="log"')[2]
    assert ("not in the text" in page) == any(events)


def test_an_id_that_was_shortened_still_leads_to_its_event(
    asked: Asked, model: ModelServer
) -> None:
    model.will(says(line("The bank said no.", asked.event[:12].upper())))
    assert f"events/{asked.event}/" in asked.answer()


def test_the_answer_is_shown_as_it_comes(asked: Asked, model: ModelServer) -> None:
    first, second = line("First."), line("Second.")

    def play(handler: Handler) -> None:
        handler.begin()
        handler.say(first)
        handler.wait()
        handler.say(second)
        handler.stop()

    model.will(play)
    pages = iter(asked.begin())
    seen = b""
    while b"First." not in seen:
        seen += next(pages)
    assert b"Second." not in seen
    model.go_on.set()
    assert b"Second." in b"".join(pages)


def test_what_came_is_recorded_without_its_words(asked: Asked, model: ModelServer) -> None:
    asked.answer()
    kept = Explanation.objects.get()
    assert (kept.state, kept.tokens_in, kept.tokens_out, kept.is_told) == (
        *(State.COMPLETE, 900, 60),
        True,
    )
    assert kept.cost == 900 * 0.5 + 60 * 2
    assert (kept.user and kept.user.username, kept.model) == ("ana", "tiny-1")
    entry = Entry.objects.get(action=Action.EXPLAINED)
    assert entry.target == f"lookup {kept.lookup.uuid}"
    assert entry.detail["digest"] == kept.digest
    told = f"{entry.detail} {vars(kept)}"
    assert "declined" not in told
    assert KEY not in told
    spent = Spending.objects.get()
    assert (spent.tokens, spent.cost) == (960, kept.cost)


def test_it_is_recorded_before_it_is_sent(asked: Asked, model: ModelServer) -> None:
    response = asked.begin()
    assert model.seen == []
    assert Entry.objects.filter(action=Action.EXPLAINED).count() == 1
    read(response)
    assert len(model.seen) == 1
