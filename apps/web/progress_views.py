"""While a lookup is being asked: how far it is, and stopping it."""

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from apps.lookups.asking import cancel_lookup, state_of
from apps.web.access import lookup_for
from apps.web.waiting import told

# Long enough that an answer which is there already is told at once.
_PATIENCE_S = 0.1


@require_safe
def lookup_progress(request: HttpRequest, lookup_id: uuid.UUID) -> JsonResponse:
    """How far the asking is; it is begun if nobody is at it and nothing is known."""
    lookup = lookup_for(request, lookup_id)
    state, progress = state_of(lookup, _PATIENCE_S)
    return JsonResponse(told(lookup, state, progress))


@require_POST
def lookup_cancel(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Stop the asking, and go to the page that says so; an answer that was quicker stays."""
    lookup = lookup_for(request, lookup_id)
    cancel_lookup(lookup)
    response = HttpResponseRedirect(reverse("lookup_detail", args=[lookup.uuid]))
    response.status_code = 303
    return response
