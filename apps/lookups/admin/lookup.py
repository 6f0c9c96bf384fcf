"""Review: who looked up whom, with which outcome, and what is kept. Records are not edited."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import F, QuerySet
from django.forms import Media
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from apps.audit.admin import OfferedFilters, csv_line
from apps.audit.models import Action
from apps.audit.trail import Fact, actor_of, client_address, record
from apps.crypto import hash_customer
from apps.lookups.access import Asker
from apps.lookups.admin import export  # noqa: F401 - Django looks for pages here alone
from apps.lookups.admin.filters import FILTERS, ORDERS, PARAMETERS, OneOf, is_number, place_of
from apps.lookups.admin.record import ERASED, Row, record_of, rows_of
from apps.lookups.admin.statistics import Charts, Wanted, charts, figures, week
from apps.lookups.background import state_of as begin_asking
from apps.lookups.models import Lookup, Origin, Outcome
from apps.lookups.problems import LookupFailed
from apps.lookups.records import record_act, record_each, repeat_lookup
from apps.lookups.services import purge_answers
from apps.lookups.store import stored_state

# The list as a file: CSV that no spreadsheet takes for formulas, or a JSON object a line.

Cell = str | int | bool | None

Facts = Callable[[Lookup], dict[str, Cell]]


def facts_of(now: datetime, *, with_customers: bool) -> Facts:
    """What a file tells of a lookup; the customer as typed only where that is wanted."""

    def facts(lookup: Lookup) -> dict[str, Cell]:
        typed: dict[str, Cell] = {"customer": lookup.customer or ERASED} if with_customers else {}
        return {
            "lookup": str(lookup.uuid),
            "asked_at": _told(lookup.created_at),
            "user": lookup.user.get_username() if lookup.user else "",
            "system_user": lookup.system_user,
            "origin": lookup.origin,
            "customer_hash": lookup.customer_hash,
            **typed,
            "moment": _told(lookup.moment),
            "minutes": lookup.minutes,
            "projects": " ".join(lookup.projects),
            "environments": " ".join(lookup.environments),
            "outcome": lookup.outcome,
            "problem": lookup.problem,
            "events": lookup.events,
            "issues": lookup.issues,
            "calls": lookup.calls,
            "calls_saved": lookup.calls_saved,
            "duration_ms": lookup.duration_ms,
            "from_cache": lookup.from_cache,
            "redacted": lookup.redacted,
            "state": stored_state(lookup, now).value,
            "expires_at": _told(lookup.expires_at),
            "purged_at": _told(lookup.purged_at),
        }

    return facts


def as_csv(lookups: Iterable[Lookup], facts: Facts) -> Iterator[str]:
    """The lines, with a head. What a spreadsheet would run gets an apostrophe in front."""
    head: list[str] = []
    for lookup in lookups:
        told = facts(lookup)
        if not head:
            head = list(told)
            yield csv_line(head)
        yield csv_line(told.values())


def as_json_lines(lookups: Iterable[Lookup], facts: Facts) -> Iterator[str]:
    """One object a line."""
    for lookup in lookups:
        yield json.dumps(facts(lookup), ensure_ascii=False) + "\n"


def _told(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else ""


# What can be done with many lookups at once. Each act is bounded, and written into the trail.

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


# The list, cut into pages. Nothing is ever counted beyond ten thousand.

MOST_COUNTED = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Pages of the first ten thousand; whether there are more is known, how many is not."""

    @cached_property
    def _counted(self) -> int:
        lookups = self.object_list
        assert isinstance(lookups, QuerySet)  # noqa: S101 - the admin hands nothing else over
        return int(lookups.order_by()[: MOST_COUNTED + 1].count())

    @cached_property
    def count(self) -> int:
        """How many there are to page through."""
        return min(self._counted, MOST_COUNTED)

    @property
    def has_more(self) -> bool:
        """Whether the list goes on behind the last page."""
        return self._counted > MOST_COUNTED


class ReviewList(ChangeList):
    """The lookups that match, the newest first, as rows in words."""

    paginator: BoundedPaginator

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Lookup]) -> list[Any]:
        """By time, along the index of the filter that leads; no other order is offered."""
        for (parameter, value), order in ORDERS.items():
            chosen = self.params.get(parameter)
            if chosen and value in ("", chosen):
                return [*order]
        return ["-created_at", "-pk"]

    @cached_property
    def rows(self) -> list[Row]:
        """The page."""
        return rows_of(list(self.result_list), timezone.now())

    @property
    def counted(self) -> str:
        """How many match, in words."""
        if self.paginator.has_more:
            return f"more than {MOST_COUNTED:,} lookups"
        return "1 lookup" if self.result_count == 1 else f"{self.result_count} lookups"

    @property
    def active(self) -> list[tuple[str, str, str]]:
        """Each filter that is on: its name, what it is set to, and the address without it."""
        on = [spec for spec in self.filter_specs if isinstance(spec, OneOf) and spec.chosen]
        told = [(str(spec.title), spec.told, self._without(spec.parameter_name)) for spec in on]
        return (
            [*told, ("customer", "the one searched for", self._without("q"))]
            if self.query
            else told
        )

    @property
    def page_numbers(self) -> list[int | str]:
        """The pages to go to, with gaps."""
        return list(self.paginator.get_elided_page_range(self.page_num))

    @property
    def older(self) -> str:
        """Where the list goes on behind the last page; empty where it does not."""
        last = self.paginator.num_pages
        if not self.paginator.has_more or self.page_num != last or not self.rows:
            return ""
        place = place_of(list(self.result_list)[-1])
        return f"?{urlencode({**self._kept, 'before': place})}"

    @property
    def carried(self) -> list[tuple[str, str]]:
        """What the form of filters has to carry along, without a field for it."""
        hidden = [
            (str(spec.parameter_name), spec.chosen)
            for spec in self.filter_specs
            if isinstance(spec, OneOf) and spec.is_hidden and spec.parameter_name != "before"
        ]
        return [*hidden, ("q", self.query)] if self.query else hidden

    @property
    def _kept(self) -> dict[str, str]:
        return {name: value for name, value in self.params.items() if value}

    def _without(self, parameter: str | None) -> str:
        return f"?{urlencode({k: v for k, v in self._kept.items() if k != parameter})}"


# Which of the filters the figures follow: those that days are counted by.


def scope_of(chosen: Mapping[str, str]) -> tuple[Wanted, str]:
    """What is counted under these filters, and a word for it: of whom, and how it ended."""
    people, whose = _people(chosen)
    outcome = chosen.get("outcome", "")
    outcome = outcome if outcome in Outcome.values else ""
    shared = {"yes": True, "no": False}.get(chosen.get("shared", ""))
    told = [whose, str(Outcome(outcome).label) if outcome else ""]
    told.append({True: "shared", False: "asked of Sentry", None: ""}[shared])
    return Wanted(people, outcome, shared), ", ".join(part for part in told if part)


def _people(chosen: Mapping[str, str]) -> tuple[frozenset[int] | None, str]:
    person, team = chosen.get("who", ""), chosen.get("team", "")
    if is_number(person):
        return frozenset([int(person)]), "this person"
    if is_number(team):
        members = User.objects.filter(groups__team__group_id=int(team))
        return frozenset(members.values_list("pk", flat=True)), "this team"
    return None, ""


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
