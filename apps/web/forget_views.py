"""Having a customer forgotten: say what is kept under which name, then remove it."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from apps.lookups.records import forget_customer, kept_of
from apps.web.access import asker_of
from apps.web.forms import ForgetForm
from apps.web.middleware import SeeOther
from apps.web.presenters.formatting import counted


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("lookups.forget_customer", raise_exception=True)
def forget(request: HttpRequest) -> HttpResponse:
    """The form; posted, what would go; confirmed, it goes. The names are in no address."""
    form = ForgetForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        status = 400 if form.is_bound else 200
        return render(request, "lookups/forget.html", {"form": form}, status=status)
    if "confirmed" not in request.POST:
        found = [(name, kept_of(name)) for name in form.read]
        context = {"found": found, "names": form.cleaned_data["names"]}
        return render(request, "lookups/forget_confirm.html", context)
    _forget(request, form.read)
    return SeeOther(reverse("forget"))


def _forget(request: HttpRequest, names: list[str]) -> None:
    """Remove it, and say how much went without saying of whom."""
    done = [forget_customer(name, asker_of(request).actor) for name in names]
    answers = counted(sum(one.kept.answers for one in done), "result")
    lookups = counted(sum(one.kept.lookups for one in done), "lookup")
    messages.success(
        request, f"Deleted: {answers} from {lookups}, along with everything typed for them."
    )
    if not all(one.is_cache_cleared for one in done):
        messages.warning(
            request,
            "We couldn't reach the shared cache. Do this again when it's back. Until then, "
            "no copy in it is shown.",
        )
