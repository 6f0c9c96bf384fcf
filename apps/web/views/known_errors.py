"""What can be done with a known error on a result: take its reply, and say whether it helped."""

import uuid
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.answers.catalogue.suggestions import say
from apps.audit.models import Action
from apps.events.answer import KnownMatch
from apps.events.grouping import group_by_issue
from apps.events.rules.engine import rules_asked_once
from apps.lookups.answers import LookupResult, answer_now
from apps.lookups.known_errors import reply_of
from apps.lookups.records import record_act
from apps.web.access import asker_of, lookup_for, person_of, projects_seen, record_piece
from apps.web.middleware import SeeOther, explains_failures
from apps.web.presenters.formatting import today_in

PART_HEADER = "X-Triage-Part"


@require_POST
@explains_failures
def lookup_known_reply(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """The reply with the name that was typed, for a browser without JavaScript. Nothing is kept."""
    result, match = _matched(request, lookup_id)
    record_piece(request, result.lookup, "known reply")
    name, zone = request.POST.get("name", ""), result.lookup.zone
    reply = reply_of(match, result.answer, name=name, zone=ZoneInfo(zone), today=today_in(zone))
    if not reply:
        raise Http404
    context = {"lookup": result.lookup, "match": match, "reply": reply, "name": name}
    return render(request, "lookups/known_reply.html", context)


@require_POST
@explains_failures
def lookup_known_copied(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Record that a reply was copied; the browser says so after it has copied."""
    result, match = _matched(request, lookup_id)
    record_act(
        Action.DRAFTED,
        asker_of(request).actor,
        result.lookup,
        what="reply of a known error",
        how="copied",
        known_error=match.known.slug,
        problem=match.issue_id[:100],
    )
    return HttpResponse(status=204)


@require_POST
@explains_failures
@rules_asked_once()
def lookup_known_feedback(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Keep whether it helped, then lead back to the page; a script stays where it is."""
    result, match = _matched(request, lookup_id)
    helped = {"yes": True, "no": False}.get(request.POST.get("helped", ""))
    if helped is None:
        raise Http404
    say(
        person_of(request),
        result.lookup,
        issue_id=match.issue_id,
        slug=match.known.slug,
        helped=helped,
    )
    if PART_HEADER in request.headers:
        return HttpResponse(status=204)
    anchor = _anchor(result, match)
    return SeeOther(f"{reverse('lookup_detail', args=[lookup_id])}#{anchor}")


def _matched(request: HttpRequest, lookup_id: uuid.UUID) -> tuple[LookupResult, KnownMatch]:
    """What was posted, as far as this reader's answer has it. Raises `Http404` if it does not."""
    result = answer_now(lookup_for(request, lookup_id), projects_seen(request))
    issue_id, slug = request.POST.get("issue", ""), request.POST.get("known", "")
    for match in result.answer.known.of(issue_id):
        if match.known.slug == slug:
            return result, match
    raise Http404


def _anchor(result: LookupResult, match: KnownMatch) -> str:
    """Where the page has it."""
    issues = [group.issue_id for group in group_by_issue(result.answer)]
    place = result.answer.known.of(match.issue_id).index(match) + 1
    return f"known-{issues.index(match.issue_id) + 1}-{place}"
