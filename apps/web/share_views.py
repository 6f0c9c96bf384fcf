"""Sharing a lookup with a person or a team, and ending that."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from apps.lookups.access import SharingRefused, active_shares, end_share, share_lookup
from apps.lookups.models import Lookup
from apps.web.access import asker_of, kept_lookup_for, person_of
from apps.web.forms import ShareForm, share_form, share_part
from apps.web.middleware import SeeOther


@require_http_methods(["GET", "HEAD", "POST"])
def lookup_share(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Who reads the lookup, and the form to let somebody else; a POST does it."""
    lookup = kept_lookup_for(request, lookup_id)
    form = share_form(request.POST) if request.method == "POST" else None
    if form is not None and form.is_valid():
        try:
            share = share_lookup(
                lookup, form.cleaned_data["reader"], asker=asker_of(request), keep=form.keep
            )
        except SharingRefused as refused:
            form.add_error("reader", str(refused))
        else:
            messages.success(request, f"Shared with {share.reader}.")
            return _back(lookup_id)
    return _page(request, lookup, form)


@require_POST
def lookup_unshare(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """End one share of the lookup."""
    lookup = kept_lookup_for(request, lookup_id)
    typed = request.POST.get("share", "")
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else 0
    share = active_shares(lookup).filter(pk=number).first()
    if share is None:
        raise Http404
    end_share(share, asker=asker_of(request))
    messages.success(request, f"No longer shared with {share.reader}.")
    return _back(lookup_id)


def _page(request: HttpRequest, lookup: Lookup, form: ShareForm | None) -> HttpResponse:
    context = {"lookup": lookup, "share": share_part(person_of(request), lookup, form)}
    status = 400 if form is not None else 200
    return render(request, "lookups/share.html", context, status=status)


def _back(lookup_id: uuid.UUID) -> HttpResponse:
    return SeeOther(f"{reverse('lookup_detail', args=[lookup_id])}#share")
