"""The view that has a language model explain a result: first a preview, then the answer."""

import uuid
from collections.abc import Generator, Iterator
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from apps.events.event import Event, LogEntry, time_of
from apps.events.observations import troubles_of
from apps.events.summary import summarize
from apps.explain import services
from apps.explain.config import Llm, configured_llm, format_money
from apps.explain.llm import ModelFailed
from apps.lookups.answers import LookupResult, result_now
from apps.lookups.problems import Problem
from apps.web import access
from apps.web.middleware import render_failures
from apps.web.presenters.formatting import Clock, redaction_receipt
from apps.web.presenters.timeline import observation_anchor


def _facts(cause: services.Cause, result: LookupResult) -> Iterator[dict[str, object]]:
    """Yield the events, log entries, and requests that support a cause, with links to them."""
    lookup, answer = result.lookup, result.answer
    rows = {row.id.lower(): row for row in (*answer.events, *answer.beside.activity)}
    for row in map(rows.__getitem__, cause.events):
        if isinstance(row, Event):
            url, when = reverse("lookup_event", args=[lookup.uuid, row.id]), row.timestamp
            sentence = summarize(row)
        else:
            shown = next((one for one in troubles_of(answer) if row in one.rows), None)
            what = "A log entry." if isinstance(row, LogEntry) else "A request, or a part of one."
            anchor = observation_anchor(shown) if shown else "story"
            url, when = f"{reverse('lookup_detail', args=[lookup.uuid])}#{anchor}", time_of(row)
            sentence = shown.full_text if shown else what
        clock = Clock(lookup.moment, ZoneInfo(lookup.zone))
        yield {"url": url, "time": clock.time(when), "sentence": sentence}


class _StreamingPage(StreamingHttpResponse):
    """A streamed page that no proxy should buffer or compress."""

    def __init__(self, page: Iterator[str], pieces: Generator[services.Piece]) -> None:
        super().__init__(page, headers={"Content-Encoding": "identity", "X-Accel-Buffering": "no"})
        self._pieces = pieces

    def close(self) -> None:
        """Close the connection to the model too, even if its answer was not read to the end."""
        self._pieces.close()
        super().close()


@require_http_methods(["GET", "HEAD", "POST"])
@render_failures
def lookup_explain(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponseBase:
    """Show the preview. A POST with its digest sends the message and streams the answer."""
    llm = configured_llm()
    if llm is None:
        raise Http404
    lookup = access.get_lookup_or_404(request, lookup_id)
    if not access.person_of(request).has_perm("explain.ask_model"):
        raise PermissionDenied
    result = result_now(lookup, access.allowed_projects(request))
    message = services.build_message(result, llm)
    if request.method != "POST":
        access.record_view(request, lookup, "explain")
        return _preview(request, llm, result, message)
    if not _has_something(result):
        return _preview(request, llm, result, message, status=409)
    if request.POST.get("digest") != message.digest:
        return _preview(request, llm, result, message, has_changed=True, status=409)
    try:
        pieces = services.explain(llm, result, message, requester=access.requester_of(request))
    except ModelFailed as failure:
        problem, status = failure.problem, failure.problem.page_status
        response = _preview(request, llm, result, message, problem=problem, status=status)
        if problem.retry_after:
            response["Retry-After"] = str(problem.retry_after)
        return response
    return _StreamingPage(_page(request, llm, result, pieces), pieces)


def _has_something(result: LookupResult) -> bool:
    """Return whether anything was recorded that a model could explain."""
    return bool(result.answer.events or troubles_of(result.answer))


def _preview(
    request: HttpRequest,
    llm: Llm,
    result: LookupResult,
    message: services.Message,
    *,
    status: int = 200,
    problem: Problem | None = None,
    has_changed: bool = False,
) -> HttpResponse:
    """Render the preview, and why nothing was sent: a problem, or that the text has changed."""
    max_cost = ""
    if llm.costs_money:
        max_cost = format_money(llm.cost(message.max_tokens, llm.answer_tokens))
    context = {
        "lookup": result.lookup,
        "llm": llm,
        "message": message,
        "has_something": _has_something(result),
        "receipt": redaction_receipt(result.answer.redaction),
        "max_tokens": message.max_tokens + llm.answer_tokens,
        "max_cost": max_cost,
        "left": services.remaining_today(llm),
        "problem": problem,
        "has_changed": has_changed,
    }
    return render(request, "lookups/explain.html", context, status=status)


def _page(
    request: HttpRequest, llm: Llm, result: LookupResult, pieces: Generator[services.Piece]
) -> Generator[str]:
    """Yield the page up to the answer, each piece of the answer, and the rest of the page."""
    of_result = {"lookup": result.lookup, "llm": llm}
    page = render_to_string("lookups/explanation.html", of_result, request)
    before, _position, after = page.partition("<!-- the answer -->")
    is_reviewer = access.person_of(request).has_perm("lookups.view_lookup")
    yield before
    for piece in pieces:
        context: dict[str, object]
        if isinstance(piece, services.Cause):
            context = {"cause": piece, "facts": list(_facts(piece, result))}
            yield render_to_string("lookups/_cause.html", context)
        elif isinstance(piece, services.Remark):
            yield render_to_string("lookups/_remark.html", {"remark": piece.text})
        else:
            cost = format_money(piece.cost) if llm.costs_money else ""
            context = {"ended": piece, "problem": piece.problem, "cost": cost}
            context |= {"is_reviewer": is_reviewer, "lookup": result.lookup}
            yield render_to_string("lookups/_explanation_end.html", context)
    yield after
