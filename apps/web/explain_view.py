"""What a model says, as the page prints it: all of it plain text, and what it rests on as links."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.urls import reverse

from apps.events.answer import Answer
from apps.events.event import Event
from apps.events.summary import summarize
from apps.explain.claims import Cause
from apps.explain.client import Llm, money
from apps.explain.services import Ended, Message
from apps.lookups.models import Lookup
from apps.web.presenters.formatting import LocalTime, grouped, local_clock

_SURE = {
    "high": "The model is fairly sure",
    "medium": "The model is not sure",
    "low": "The model is only guessing",
    "not told": "The model does not say how sure it is",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """An event that a cause rests on."""

    address: str
    time: LocalTime
    sentence: str


@dataclass(frozen=True, slots=True)
class CauseView:
    """One cause as it is printed."""

    text: str
    level: str
    sureness: str
    facts: tuple[Fact, ...]
    strangers: tuple[str, ...]
    confirm: str
    rests_on_nothing: bool


def cause_view(cause: Cause, answer: Answer, lookup: Lookup) -> CauseView:
    """The cause with the addresses of its events."""
    known = {event.id.lower(): event for event in answer.events}
    return CauseView(
        text=cause.text,
        level=cause.confidence.replace(" ", "-"),
        sureness=_SURE[cause.confidence],
        facts=tuple(_fact(known[one], lookup) for one in cause.events),
        strangers=cause.strangers,
        confirm=cause.confirm,
        rests_on_nothing=cause.rests_on_nothing,
    )


def _fact(event: Event, lookup: Lookup) -> Fact:
    return Fact(
        address=reverse("lookup_event", args=[lookup.uuid, event.id]),
        time=local_clock(event.timestamp, ZoneInfo(lookup.zone), day_of=lookup.moment),
        sentence=summarize(event),
    )


def most_told(llm: Llm, message: Message) -> str:
    """What the call takes at most."""
    tokens = f"{grouped(message.most_in + llm.answer_tokens)} tokens"
    if not llm.costs_money:
        return tokens
    return f"{tokens}, {money(llm.cost(message.most_in, llm.answer_tokens))} to pay"


def used_told(llm: Llm, ended: Ended) -> str:
    """What the call took."""
    if not ended.tokens:
        return "It cost nothing."
    told = "" if ended.is_told else "at most "
    paid = f", {money(ended.cost)} to pay" if llm.costs_money else ""
    return f"It used {told}{grouped(ended.tokens)} tokens{paid}."
