"""Having a language model explain a result: first exactly what is sent, then its answer."""

import uuid
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods

from apps.events.rules.engine import rules_asked_once
from apps.explain.claims import Cause, Remark
from apps.explain.client import Llm, ModelFailed, configured, problem_of
from apps.explain.services import Begun, Message, Piece, explain, left_today, message_for
from apps.lookups.answers import LookupResult, answer_now
from apps.lookups.problems import Problem
from apps.web.access import asker_of, lookup_for, person_of, projects_seen, record_view
from apps.web.explain_view import cause_view, most_told, used_told
from apps.web.middleware import explains_failures
from apps.web.presenters.formatting import redaction_receipt

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
