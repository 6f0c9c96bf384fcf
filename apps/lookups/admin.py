"""Review: who looked up whom, with which outcome, and what is kept. Records are not edited."""

import re
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.forms import Media
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone

from apps.audit.models import Action
from apps.audit.trail import Fact, actor_of, record
from apps.crypto import hash_customer
from apps.lookups import export_admin  # noqa: F401 - Django looks for pages here alone
from apps.lookups.models import Lookup
from apps.lookups.records import record_act
from apps.lookups.review.actions import ReviewActions
from apps.lookups.review.charts import Charts, charts
from apps.lookups.review.figures import figures, week
from apps.lookups.review.filters import FILTERS, PARAMETERS
from apps.lookups.review.pages import BoundedPaginator, ReviewList
from apps.lookups.review.record import record_of
from apps.lookups.review.scope import scope_of

_HASH = re.compile(r"[0-9a-f]{64}")


@admin.register(Lookup)
class LookupAdmin(ReviewActions):
    """The list of lookups. A search for a customer is exact, by the keyed hash."""

    list_display = ("pk",)
    list_filter = FILTERS
    offered = PARAMETERS  # no customer belongs into an address
    list_select_related = ("user", "typed")
    paginator = BoundedPaginator
    sortable_by = ()
    search_fields = ("customer_hash",)
    search_help_text = "A customer, exactly as typed, or the person who looked."
    list_per_page = 50
    list_max_show_all = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ReviewList]:
        """The list that counts no further than it needs to."""
        return ReviewList

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Lookups are made by looking up."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Lookup | None = None) -> bool:
        """A record is read, never edited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Lookup | None = None) -> bool:
        """A record stays; only its answer can be purged."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lookup]:
        """Without the snapshots, which a list has no use for."""
        return super().get_queryset(request).defer("snapshot")

    @property
    def media(self) -> Media:
        """Our own script only; the pages work without it."""
        return Media()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list; a search is posted, so that no customer gets into an address."""
        if request.method == "POST" and "find" in request.POST:
            found = _found(request.POST["find"].replace("\0", "").strip())
            kept = {k: v for k, v in request.GET.items() if k in PARAMETERS and v and k != "before"}
            return HttpResponseRedirect(f"?{urlencode({**kept, **found})}")
        response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and "cl" in (response.context_data or {}):
            assert response.context_data is not None  # noqa: S101 - looked at just before
            self._record_shown(request, response.context_data["cl"])
            response.context_data["charts"] = self._charts(response.context_data["cl"])
            response.context_data["title"] = "Lookups"
        return response

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Lookup], search_term: str
    ) -> tuple[QuerySet[Lookup], bool]:
        """The lookups of one customer, by hash."""
        if not search_term:
            return queryset, False
        if not _HASH.fullmatch(search_term):
            return queryset.none(), False
        return queryset.filter(customer_hash=search_term), False

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One record. That somebody saw it is written down as for the agent's own page."""
        lookup = self.get_object(request, object_id)
        if request.method not in ("GET", "HEAD") or lookup is None:
            return super().change_view(request, object_id, form_url, extra_context)
        if not self.has_view_permission(request, lookup):
            return super().change_view(request, object_id, form_url, extra_context)
        record_act(Action.VIEWED, actor_of(request), lookup, by="review")
        context = {
            **self.admin_site.each_context(request),
            "title": "Lookup record",
            "opts": self.opts,
            "lookup": lookup,
            "record": record_of(lookup, timezone.now()),
            "choices": [
                (name, label) for name, label in self.get_action_choices(request) if name in _HERE
            ],
        }
        return TemplateResponse(request, "admin/lookups/lookup/record.html", context)

    def _record_shown(self, request: HttpRequest, listed: ReviewList) -> None:
        """The list names customers as they were typed: that somebody reads it is written down."""
        shown = len(listed.rows)
        if shown:
            detail: dict[str, Fact] = {"lookups": shown, "format": "page", "customers": True}
            of_one = str(listed.query) if _HASH.fullmatch(str(listed.query)) else ""
            record(
                Action.REVIEWED,
                actor_of(request),
                target="list of lookups",
                customer_hash=of_one,
                detail=detail,
            )

    def _charts(self, listed: ReviewList) -> Charts:
        wanted, scope = scope_of(listed.params)
        now = timezone.now()
        return charts(figures(wanted, now), week(now), scope)


_HERE = frozenset(("refresh", "extend", "purge"))


def _found(term: str) -> dict[str, str]:
    """The filter for who looked, by name; else for the keyed hash of what must be a customer."""
    if not term:
        return {}
    person = User.objects.filter(username__iexact=term).values_list("pk", flat=True).first()
    if person is not None:
        return {"who": str(person)}
    if Lookup.objects.filter(system_user=term).exclude(system_user="").exists():
        return {"system": term}
    return {"q": hash_customer(term)}
