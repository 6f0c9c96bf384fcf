"""A ticket is pasted, read and confirmed. Its text is in no session, no database and no log."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.accounts.preferences import zone_of
from apps.web.forms import TicketForm, TicketPage, missing_of, ticket_page, values_for_form
from apps.web.views import form_filled_with

_LONGEST_CHOICE = 2000


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("lookups.add_lookup", raise_exception=True)
def ticket_read(request: HttpRequest) -> HttpResponse:
    """What was read in the pasted text, to be confirmed."""
    if request.method != "POST":
        return redirect("lookup_form")  # whoever had to sign in first: there is no text any more
    form = _form(request)
    if form.reading is None:
        return _page(request, form, None, status=400)
    return _page(request, form, ticket_page(form.reading, form.read_in))


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("lookups.add_lookup", raise_exception=True)
def ticket_use(request: HttpRequest) -> HttpResponse:
    """The lookup form with what was confirmed; the same page again while something is open."""
    if request.method != "POST":
        return redirect("lookup_form")
    form = _form(request)
    chosen = {
        name: request.POST[name][:_LONGEST_CHOICE]
        for name in ("customer", "moment")
        if name in request.POST
    }
    if form.reading is None:
        return _page(request, form, None, status=400)
    if missing_of(form.reading, chosen, form.read_in):
        return _page(request, form, ticket_page(form.reading, form.read_in, chosen), status=400)
    return form_filled_with(request, values_for_form(chosen, form.read_in))


def _form(request: HttpRequest) -> TicketForm:
    browser = request.COOKIES.get("triage_zone", "")
    return TicketForm(request.POST, own_zone=zone_of(request.user, browser=browser))


def _page(
    request: HttpRequest, form: TicketForm, page: TicketPage | None, status: int = 200
) -> HttpResponse:
    context = {
        "ticket": form,
        "page": page,
        "zone": form.read_in.key,
        "date_form": TicketForm(request.POST, own_zone=form.own_zone, auto_id="date_%s"),
    }
    return render(request, "lookups/ticket.html", context, status=status)
