"""While a lookup is being asked: how far it is, and stopping it. Afterwards: what is new."""

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from apps.audit.models import Action
from apps.lookups.answers import cancel_lookup, count_newer, place_to_wait, state_of
from apps.lookups.problems import LookupFailed
from apps.lookups.records import record_act
from apps.web.access import asker_of, kept_lookup_for, lookup_for, projects_seen
from apps.web.presenters.formatting import counted
from apps.web.waiting import told

# Long enough that an answer which is there already is told at once.
_PATIENCE_S = 0.1


@require_safe
def lookup_progress(request: HttpRequest, lookup_id: uuid.UUID) -> JsonResponse:
    """How far the asking is; it is begun if nobody is at it and nothing is known."""
    lookup = lookup_for(request, lookup_id)
    state, progress = state_of(lookup, _PATIENCE_S, projects_seen(request))
    return JsonResponse(told(lookup, state, progress))


@require_safe
def lookup_newer(request: HttpRequest, lookup_id: uuid.UUID) -> JsonResponse:
    """How many events came in since a young window was looked at; null where nobody knows."""
    lookup = lookup_for(request, lookup_id)
    try:
        with place_to_wait():
            new = count_newer(lookup, projects_seen(request))
    except LookupFailed:
        new = None
    told_new = f"{counted(new, 'new event')} since you last looked." if new else ""
    return JsonResponse({"new": new, "sentence": told_new})


@require_POST
def lookup_cancel(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Stop the asking, and go to the page that says so; an answer that was quicker stays."""
    lookup = kept_lookup_for(request, lookup_id)
    record_act(Action.CANCELLED, asker_of(request).actor, lookup)
    cancel_lookup(lookup)
    response = HttpResponseRedirect(reverse("lookup_detail", args=[lookup.uuid]))
    response.status_code = 303
    return response
