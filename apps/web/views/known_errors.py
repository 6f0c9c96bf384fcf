"""Feedback on a known error of a result."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.answers.catalogue.suggestions import save_feedback
from apps.events.answer import KnownMatch
from apps.events.filtering import number_problems
from apps.events.grouping import problems_of
from apps.events.rules.engine import rule_cache
from apps.lookups.answers import LookupResult, result_now
from apps.web.access import (
    PART_HEADER,
    allowed_projects,
    get_lookup_or_404,
    person_of,
)
from apps.web.middleware import SeeOther, render_failures


@require_POST
@render_failures
@rule_cache()
def lookup_known_feedback(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Save whether the known error helped, then redirect to the page; a script gets a 204."""
    result, match = _matched(request, lookup_id)
    helped = {"yes": True, "no": False}.get(request.POST.get("helped", ""))
    if helped is None:
        raise Http404
    save_feedback(
        person_of(request),
        result.lookup,
        issue_id=match.issue_id,
        slug=match.known.slug,
        helped=helped,
    )
    if PART_HEADER in request.headers:
        return HttpResponse(status=204)
    return SeeOther(f"{reverse('lookup_detail', args=[lookup_id])}#{_anchor(result, match)}")


def _matched(request: HttpRequest, lookup_id: uuid.UUID) -> tuple[LookupResult, KnownMatch]:
    """Return the result and the posted match in it. Raise `Http404` if the reader lacks either."""
    result = result_now(get_lookup_or_404(request, lookup_id), allowed_projects(request))
    issue_id, slug = request.POST.get("issue", ""), request.POST.get("known", "")
    for match in result.answer.known.for_issue(issue_id):
        if match.known.slug == slug:
            return result, match
    raise Http404


def _anchor(result: LookupResult, match: KnownMatch) -> str:
    """Return the anchor of the match on the result page."""
    problems = number_problems(problems_of(result.answer))
    for number, problem in problems:
        known = problem.known_in(result.answer.known)
        if match in known:
            return f"known-{number}-{known.index(match) + 1}"
    return "known-title"
