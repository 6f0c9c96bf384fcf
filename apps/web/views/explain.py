"""Having a language model explain a result: first exactly what is sent, then its answer."""

import uuid
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from apps.events.answer import Answer
from apps.events.event import Event
from apps.events.rules.engine import rules_asked_once
from apps.events.summary import summarize
from apps.explain.claims import Cause, Remark
from apps.explain.client import Llm, ModelFailed, configured, money, problem_of
from apps.explain.services import Begun, Ended, Message, Piece, explain, left_today, message_for
from apps.lookups.answers import LookupResult, answer_now
from apps.lookups.models import Lookup
from apps.lookups.problems import Problem
from apps.web.access import asker_of, lookup_for, person_of, projects_seen, record_view
from apps.web.middleware import explains_failures
from apps.web.presenters.formatting import LocalTime, grouped, local_clock, redaction_receipt

# What a model says, as the page prints it: all of it plain text, and what it rests on as links.

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


# Where the answer goes between the two halves of its page.
_HERE = "<!-- the answer -->"


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What could be asked: which model, about which result, with which text."""

    llm: Llm
    result: LookupResult
    message: Message


class _Streamed(StreamingHttpResponse):
    """A page as it comes. Nothing on its way may wait for more of it, or pack it."""

    def __init__(self, page: Iterator[str], pieces: Generator[Piece]) -> None:
        told = {"Content-Encoding": "identity", "X-Accel-Buffering": "no"}
        super().__init__(page, headers=told)
        self._pieces = pieces

    def close(self) -> None:
        """Hang up on the model too, read to the end or not."""
        self._pieces.close()
        super().close()


@require_http_methods(["GET", "HEAD", "POST"])
@explains_failures
@rules_asked_once()
def lookup_explain(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponseBase:
    """The preview; a POST with its digest sends it, and streams the answer."""
    llm = configured()
    if llm is None:
        raise Http404
    lookup = lookup_for(request, lookup_id)
    if not person_of(request).has_perm("explain.ask_model"):
        raise PermissionDenied
    result = answer_now(lookup, projects_seen(request))
    prepared = _Prepared(llm, result, message_for(result, llm))
    if request.method != "POST":
        record_view(request, lookup, "explain")
        return _preview(request, prepared)
    return _answer(request, prepared)


def _answer(request: HttpRequest, prepared: _Prepared) -> HttpResponseBase:
    """What the model says; the preview again where nothing is sent."""
    if not prepared.result.answer.events:
        return _preview(request, prepared, status=409)
    if request.POST.get("digest") != prepared.message.digest:
        return _preview(request, prepared, has_changed=True, status=409)
    try:
        pieces = explain(prepared.llm, prepared.result, prepared.message, asker=asker_of(request))
    except ModelFailed as failure:
        problem = problem_of(failure)
        return _preview(request, prepared, problem=problem, status=problem.page_status)
    return _Streamed(_page(request, prepared, pieces), pieces)


def _preview(
    request: HttpRequest,
    prepared: _Prepared,
    *,
    problem: Problem | None = None,
    has_changed: bool = False,
    status: int = 200,
) -> HttpResponse:
    llm, result, message = prepared.llm, prepared.result, prepared.message
    context = {
        "lookup": result.lookup,
        "llm": llm,
        "message": message,
        "has_events": bool(result.answer.events),
        "has_changed": has_changed,
        "problem": problem,
        "receipt": redaction_receipt(result.answer.redaction),
        "most": most_told(llm, message),
        "left": left_today(llm),
    }
    response = render(request, "lookups/explain.html", context, status=status)
    if problem and problem.retry_after:
        response["Retry-After"] = str(problem.retry_after)
    return response


def _page(request: HttpRequest, prepared: _Prepared, pieces: Generator[Piece]) -> Generator[str]:
    """Its head, each piece, its foot."""
    context = {"lookup": prepared.result.lookup, "llm": prepared.llm}
    whole = render_to_string("lookups/explanation.html", context, request)
    head, _here, foot = whole.partition(_HERE)
    is_reviewer = person_of(request).has_perm("lookups.view_lookup")
    yield head
    for piece in pieces:
        yield _written(piece, prepared, is_reviewer=is_reviewer)
    yield foot


def _written(piece: Piece, prepared: _Prepared, *, is_reviewer: bool) -> str:
    result = prepared.result
    if isinstance(piece, Begun):
        return ""
    if isinstance(piece, Cause):
        cause = cause_view(piece, result.answer, result.lookup)
        return render_to_string("lookups/_cause.html", {"cause": cause})
    if isinstance(piece, Remark):
        return render_to_string("lookups/_remark.html", {"remark": piece.text})
    context = {
        "problem": piece.problem,
        "used": used_told(prepared.llm, piece),
        "is_reviewer": is_reviewer,
        "lookup": result.lookup,
    }
    return render_to_string("lookups/_explanation_end.html", context)
