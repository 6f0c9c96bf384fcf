"""Going on from a result: to another time, or to a wider window."""

import uuid

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.events.query import Move
from apps.lookups.answers import move_lookup
from apps.web.access import asker_of, lookup_for
from apps.web.middleware import SeeOther, explains_failures


@require_POST
@permission_required("lookups.add_lookup", raise_exception=True)
@explains_failures
def lookup_move(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """The same customer now, earlier, later or in a wider window; it gets a record of its own."""
    lookup = lookup_for(request, lookup_id)
    try:
        move = Move(request.POST.get("move", ""))
    except ValueError:
        return HttpResponseBadRequest()
    onward = move_lookup(lookup, move, asker=asker_of(request))
    if onward is None:
        return redirect("lookup_detail", lookup.uuid)
    return SeeOther(reverse("lookup_detail", args=[onward.uuid]))
