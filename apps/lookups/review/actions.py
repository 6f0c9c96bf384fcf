"""What can be done with many lookups at once. Each act is bounded, and written into the trail."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from apps.audit.admin import OfferedFilters
from apps.audit.models import Action
from apps.audit.trail import Fact, actor_of, client_address, record
from apps.lookups.access import Asker
from apps.lookups.background import state_of as begin_asking
from apps.lookups.models import Lookup, Origin
from apps.lookups.problems import LookupFailed
from apps.lookups.records import record_act, record_each, repeat_lookup
from apps.lookups.review.listing import Facts, as_csv, as_json_lines, facts_of
from apps.lookups.services import purge_answers

MOST_REFRESHED = 10
MOST_PURGED = 1000
MOST_EXTENDED = 10_000
MOST_LISTED = 10_000
MOST_DAYS = 365
_AT_A_TIME = 100


class ReviewActionForm(ActionForm):
    """The action, for how many days where it needs them, and whether all that match are meant."""

    days = forms.CharField(required=False)
    select_across = forms.BooleanField(required=False)


class ReviewActions(OfferedFilters):
    """The actions of the list."""

    action_form = ReviewActionForm
    actions = ("refresh", "extend", "purge", "export_csv", "export_json_lines", "export_named")

    def has_refresh_permission(self, request: HttpRequest) -> bool:
        """Who may ask Sentry again from here."""
        return request.user.has_perm("lookups.refresh_lookup")

    def has_purge_permission(self, request: HttpRequest) -> bool:
        """Who may remove kept answers."""
        return request.user.has_perm("lookups.purge_lookup")

    def has_extend_permission(self, request: HttpRequest) -> bool:
        """Who may keep answers for longer."""
        return request.user.has_perm("lookups.extend_lookup")

    def has_unredacted_permission(self, request: HttpRequest) -> bool:
        """Who may take customers out of here as they were typed."""
        return request.user.has_perm("lookups.export_unredacted")

    @admin.action(description="Refresh: ask Sentry again", permissions=["refresh"])
    def refresh(self, request: HttpRequest, queryset: QuerySet[Lookup]) -> None:
        """Ask again for up to ten, in the background; each is a record in one's own name."""
        chosen = self._chosen(request, queryset, MOST_REFRESHED)
        asker = asker_of(request)
        asked = 0
        for lookup in chosen:
            if not lookup.customer:
                messages.error(
                    request, "One customer's data was erased, so that lookup can't be refreshed."
                )
                continue
            try:
                with transaction.atomic():
                    record_act(Action.REFRESHED, asker.actor, lookup, by="review")
                    repeated = repeat_lookup(lookup, asker=asker)
            except LookupFailed as failure:
                messages.error(request, f"{failure.problem.message} {failure.problem.next_step}")
                break
            begin_asking(repeated, 0.0)
            asked += 1
        if asked:
            told = (
                f"Asking Sentry again for {_lookups(asked)}. The new records are at the top of "
                "the list."
            )
            messages.success(request, told)

    @admin.action(description="Keep results longer", permissions=["extend"])
    def extend(self, request: HttpRequest, queryset: QuerySet[Lookup]) -> None:
        """Move the end of answers that are still kept."""
        days = _days_of(request)
        if days is None:
            messages.error(request, f"Enter a number of days from 1 to {MOST_DAYS}.")
            return
        kept = queryset.filter(expires_at__gt=timezone.now(), has_answer=True, purged_at=None)
        chosen = self._chosen(
            request, kept, MOST_EXTENDED, "None of these results are still stored."
        )
        if not chosen:
            return
        with transaction.atomic():
            record_each(Action.EXTENDED, actor_of(request), chosen, by="review", days=days)
            for some in _portions(chosen):
                Lookup.objects.filter(pk__in=[one.pk for one in some], purged_at=None).update(
                    expires_at=F("expires_at") + timedelta(days=days)
                )
        day = "1 more day" if days == 1 else f"{days} more days"
        messages.success(request, f"Results kept for {day}: {len(chosen)}.")

    @admin.action(description="Purge: delete stored results", permissions=["purge"])
    def purge(self, request: HttpRequest, queryset: QuerySet[Lookup]) -> HttpResponse | None:
        """Remove the stored and the shared answers; the records stay. All that match: ask first."""
        chosen = self._chosen(request, queryset, MOST_PURGED)
        if not chosen:
            return None
        if request.POST.get("select_across") and "confirmed" not in request.POST:
            return self._ask_before_purge(request, len(chosen))
        purge_answers(chosen, actor=actor_of(request))
        messages.success(request, f"Results deleted: {len(chosen)}.")
        return None

    @admin.action(description="Export the list as CSV", permissions=["view"])
    def export_csv(
        self, request: HttpRequest, queryset: QuerySet[Lookup]
    ) -> StreamingHttpResponse | None:
        """Customers only as keyed hashes."""
        return self._export(request, queryset, "csv")

    @admin.action(description="Export the list as JSON lines", permissions=["view"])
    def export_json_lines(
        self, request: HttpRequest, queryset: QuerySet[Lookup]
    ) -> StreamingHttpResponse | None:
        """Customers only as keyed hashes."""
        return self._export(request, queryset, "jsonl")

    @admin.action(
        description="Export the list as CSV, customers as typed", permissions=["unredacted"]
    )
    def export_named(
        self, request: HttpRequest, queryset: QuerySet[Lookup]
    ) -> StreamingHttpResponse | None:
        """For those who may export without redaction."""
        return self._export(request, queryset, "csv", with_customers=True)

    def _chosen(
        self,
        request: HttpRequest,
        queryset: QuerySet[Lookup],
        most: int,
        none: str = "Select lookups first.",
    ) -> list[Lookup]:
        """The lookups to act on; none, with a word about it, where there are none or too many."""
        chosen = list(queryset[: most + 1])
        if len(chosen) > most:
            told = f"That is for {most} lookups at most, and you selected more. Narrow the list."
            messages.error(request, told)
            return []
        if not chosen:
            messages.error(request, none)
        return chosen

    def _ask_before_purge(self, request: HttpRequest, count: int) -> HttpResponse:
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": f"Delete the stored results of {_lookups(count)}?",
            "opts": self.opts,
            "back": request.get_full_path(),
        }
        return TemplateResponse(request, "admin/lookups/lookup/purge.html", context)

    def _export(
        self,
        request: HttpRequest,
        queryset: QuerySet[Lookup],
        suffix: str,
        *,
        with_customers: bool = False,
    ) -> StreamingHttpResponse | None:
        chosen = self._chosen(request, queryset.select_related("user", "typed"), MOST_LISTED)
        if not chosen:
            return None
        now = datetime.now(UTC)
        detail: dict[str, Fact] = {
            "lookups": len(chosen),
            "format": suffix,
            "customers": with_customers,
        }
        record(Action.REVIEWED, actor_of(request), target="list of lookups", detail=detail)
        write = partial(_written, suffix, chosen, facts_of(now, with_customers=with_customers))
        media = "text/csv; charset=utf-8" if suffix == "csv" else "application/x-ndjson"
        response = StreamingHttpResponse(write(), content_type=media)
        name = f"lookups-{now:%Y%m%d-%H%M%S}.{suffix}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


def asker_of(request: HttpRequest) -> Asker:
    """Who is in the review, and from where."""
    assert isinstance(request.user, User)  # noqa: S101 - the admin site saw to it
    return Asker(Origin.WEB, request.user, address=client_address(request))


def _written(suffix: str, lookups: list[Lookup], facts: Facts) -> Iterator[str]:
    return as_csv(lookups, facts) if suffix == "csv" else as_json_lines(lookups, facts)


def _portions(lookups: list[Lookup]) -> Iterator[list[Lookup]]:
    for first in range(0, len(lookups), _AT_A_TIME):
        yield lookups[first : first + _AT_A_TIME]


def _days_of(request: HttpRequest) -> int | None:
    told = request.POST.get("days", "")
    days = int(told) if told.isascii() and told.isdigit() and len(told) < 5 else 0
    return days if 1 <= days <= MOST_DAYS else None


def _lookups(count: int) -> str:
    return "1 lookup" if count == 1 else f"{count} lookups"
