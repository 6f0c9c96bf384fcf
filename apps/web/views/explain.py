"""The view that has a language model explain a result: first a preview, then the answer."""

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
from apps.events.event import Event, LogEntry, time_of
from apps.events.observations import Row, troubles_of
from apps.events.once import rule_cache
from apps.events.summary import summarize
from apps.explain.config import Llm, configured_llm, format_money
from apps.explain.llm import ModelFailed
from apps.explain.services import (
    Cause,
    ExplanationEnd,
    Message,
    Piece,
    Remark,
    build_message,
    explain,
    remaining_today,
)
from apps.lookups.answers import LookupResult, result_now
from apps.lookups.models import Lookup
from apps.lookups.problems import Problem
from apps.web.access import (
    allowed_projects,
    get_lookup_or_404,
    person_of,
    record_view,
    requester_of,
)
from apps.web.middleware import render_failures
from apps.web.presenters.formatting import LocalTime, grouped, local_clock, redaction_receipt
from apps.web.presenters.timeline import observation_anchor

_ANSWER_POSITION = "<!-- the answer -->"  # in lookups/explanation.html
_CONFIDENCE = {
    "high": "The model is fairly sure",
    "medium": "The model is not sure",
    "low": "The model is only guessing",
    "unknown": "The model doesn’t say how sure it is",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """An event, a log entry, or a request that supports a cause."""

    url: str
    time: LocalTime
    sentence: str


@dataclass(frozen=True, slots=True)
class CauseView:
    """A possible cause with its confidence, what supports it, and how to confirm it."""

    text: str
    level: str
    confidence: str
    facts: tuple[Fact, ...]
    unknown_events: tuple[str, ...]
    confirm: str


def cause_view(cause: Cause, answer: Answer, lookup: Lookup) -> CauseView:
    """Return the cause with links to what supports it."""
    known = {event.id.lower(): _fact(event, lookup) for event in answer.events}
    known |= {row.id.lower(): _fact_of_row(row, answer, lookup) for row in answer.beside.activity}
    return CauseView(
        text=cause.text,
        level=cause.confidence,
        confidence=_CONFIDENCE[cause.confidence],
        facts=tuple(known[one] for one in cause.events),
        unknown_events=cause.unknown_events,
        confirm=cause.confirm,
    )


def _fact(event: Event, lookup: Lookup) -> Fact:
    return Fact(
        url=reverse("lookup_event", args=[lookup.uuid, event.id]),
        time=local_clock(event.timestamp, ZoneInfo(lookup.zone), day_of=lookup.moment),
        sentence=summarize(event),
    )


def _fact_of_row(row: Row, answer: Answer, lookup: Lookup) -> Fact:
    """Return the fact with what the row shows, or only what it is."""
    shown = next((one for one in troubles_of(answer) if row in one.rows), None)
    what = "A log entry." if isinstance(row, LogEntry) else "A request, or a part of one."
    anchor = observation_anchor(shown) if shown else "story"
    return Fact(
        url=f"{reverse('lookup_detail', args=[lookup.uuid])}#{anchor}",
        time=local_clock(time_of(row), ZoneInfo(lookup.zone), day_of=lookup.moment),
        sentence=shown.full_text if shown else what,
    )


def max_usage_text(llm: Llm, message: Message) -> str:
    """Return the maximum usage and cost of the call."""
    tokens = f"{grouped(message.max_tokens + llm.answer_tokens)} tokens"
    if not llm.costs_money:
        return tokens
    return f"{tokens} ({format_money(llm.cost(message.max_tokens, llm.answer_tokens))})"


def usage_text(llm: Llm, ended: ExplanationEnd) -> str:
    """Return the usage and cost of the call."""
    if not ended.tokens:
        return "It cost nothing."
    qualifier = "" if ended.is_reported else "up to "
    cost = f" ({format_money(ended.cost)})" if llm.costs_money else ""
    return f"It used {qualifier}{grouped(ended.tokens)} tokens{cost}."


@dataclass(frozen=True, slots=True)
class _Request:
    """The model, the result, and the message about it."""

    llm: Llm
    result: LookupResult
    message: Message


class _StreamingPage(StreamingHttpResponse):
    """A streamed page that no proxy should buffer or compress."""

    def __init__(self, page: Iterator[str], pieces: Generator[Piece]) -> None:
        super().__init__(page, headers={"Content-Encoding": "identity", "X-Accel-Buffering": "no"})
        self._pieces = pieces

    def close(self) -> None:
        """Close the connection to the model too, even if its answer was not read to the end."""
        self._pieces.close()
        super().close()


@require_http_methods(["GET", "HEAD", "POST"])
@render_failures
@rule_cache()
def lookup_explain(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponseBase:
    """Show the preview. A POST with its digest sends the message and streams the answer."""
    llm = configured_llm()
    if llm is None:
        raise Http404
    lookup = get_lookup_or_404(request, lookup_id)
    if not person_of(request).has_perm("explain.ask_model"):
        raise PermissionDenied
    result = result_now(lookup, allowed_projects(request))
    prepared = _Request(llm, result, build_message(result, llm))
    if request.method != "POST":
        record_view(request, lookup, "explain")
        return _preview(request, prepared)
    if not _has_something(result.answer):
        return _preview(request, prepared, status=409)
    if request.POST.get("digest") != prepared.message.digest:
        return _preview(request, prepared, has_changed=True, status=409)
    try:
        pieces = explain(llm, result, prepared.message, requester=requester_of(request))
    except ModelFailed as failure:
        problem = failure.problem
        return _preview(request, prepared, problem=problem, status=problem.page_status)
    return _StreamingPage(_page(request, prepared, pieces), pieces)


def _has_something(answer: Answer) -> bool:
    """Return whether anything was recorded that a model could explain."""
    return bool(answer.events or troubles_of(answer))


def _preview(
    request: HttpRequest,
    prepared: _Request,
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
        "has_something": _has_something(result.answer),
        "has_changed": has_changed,
        "problem": problem,
        "receipt": redaction_receipt(result.answer.redaction),
        "most": max_usage_text(llm, message),
        "left": remaining_today(llm),
    }
    response = render(request, "lookups/explain.html", context, status=status)
    if problem and problem.retry_after:
        response["Retry-After"] = str(problem.retry_after)
    return response


def _page(request: HttpRequest, prepared: _Request, pieces: Generator[Piece]) -> Generator[str]:
    """Yield the page up to the answer, each piece of the answer, and the rest of the page."""
    context = {"lookup": prepared.result.lookup, "llm": prepared.llm}
    page = render_to_string("lookups/explanation.html", context, request)
    before, _position, after = page.partition(_ANSWER_POSITION)
    is_reviewer = person_of(request).has_perm("lookups.view_lookup")
    yield before
    for piece in pieces:
        yield _render_piece(piece, prepared, is_reviewer=is_reviewer)
    yield after


def _render_piece(piece: Piece, prepared: _Request, *, is_reviewer: bool) -> str:
    result = prepared.result
    if isinstance(piece, Cause):
        cause = cause_view(piece, result.answer, result.lookup)
        return render_to_string("lookups/_cause.html", {"cause": cause})
    if isinstance(piece, Remark):
        return render_to_string("lookups/_remark.html", {"remark": piece.text})
    context = {
        "problem": piece.problem,
        "used": usage_text(prepared.llm, piece),
        "is_reviewer": is_reviewer,
        "lookup": result.lookup,
    }
    return render_to_string("lookups/_explanation_end.html", context)
