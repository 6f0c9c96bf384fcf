"""The pages that stand in for an answer that could not be had."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from apps.lookups.models import Lookup
from apps.lookups.problems import LookupCancelled, LookupFailed, LookupPurged, Problem
from apps.lookups.records import reason_of
from apps.web.access import lookup_for
from apps.web.refused import note_recorded

View = Callable[..., HttpResponseBase]


def explains_failures(view: View) -> View:
    """Turn a lookup that failed, or whose answer was removed, into its page."""

    @wraps(view)
    def wrapped(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, **kwargs)
        except LookupCancelled as failure:
            lookup, status = lookup_for(request, kwargs["lookup_id"]), failure.problem.page_status
            context = {"lookup": lookup, "reason": reason_of(lookup)}
            return render(request, "lookups/cancelled.html", context, status=status)
        except LookupPurged as failure:
            lookup, problem = lookup_for(request, kwargs["lookup_id"]), failure.problem
            context = {"lookup": lookup, "gone": failure.gone, "headline": problem.message}
            return render(request, "lookups/purged.html", context, status=problem.page_status)
        except LookupFailed as failure:
            note_recorded(request, failure)
            return problem_page(request, failure.problem, kwargs.get("lookup_id"))

    return wrapped


def problem_page(
    request: HttpRequest, problem: Problem, lookup_id: uuid.UUID | None = None
) -> HttpResponse:
    """A failure in plain words, with its honest status and `Retry-After` where it is known."""
    known = Lookup.objects.select_related("typed").defer("snapshot")
    lookup = known.filter(uuid=lookup_id).first() if lookup_id else None
    context = {
        "problem": problem,
        "lookup": lookup,
        "reason": reason_of(lookup) if lookup else "",
        "is_reviewer": request.user.has_perm("lookups.view_lookup"),
    }
    response = render(request, "problem.html", context, status=problem.page_status)
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    return response
