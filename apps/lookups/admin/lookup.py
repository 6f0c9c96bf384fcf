"""The pages under Manage for lookups: list, actions, files, and the read-only record."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, QuerySet
from django.forms import Media
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    QueryDict,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.utils import timezone

from apps.audit.admin import (
    HASH,
    MAX_LISTED,
    BoundedPaginator,
    ChoiceFilter,
    ReadOnlyAdmin,
    rows_file,
)
from apps.audit.models import Action
from apps.audit.trail import actor_of, client_address, record
from apps.crypto import hash_customer
from apps.events.identifier import identifier_to_find
from apps.events.query import counted
from apps.lookups.access import Requester
from apps.lookups.admin import filters
from apps.lookups.admin.record import ERASED, LookupRow, record_context, rows_of
from apps.lookups.admin.statistics import DayCount, charts
from apps.lookups.background import lookup_state
from apps.lookups.models import Lookup, Origin, Outcome
from apps.lookups.problems import LookupFailed
from apps.lookups.records import record_action, record_actions, repeat_lookup
from apps.lookups.services import purge_answers
from apps.lookups.store import stored_state

# The list as a file: CSV that is safe to open in a spreadsheet, or one JSON object per line.


def cells_of(lookup: Lookup, now: datetime, *, with_customers: bool) -> dict[str, object]:
    """Return the cells of a lookup, with or without the customer as typed."""

    def iso(moment: datetime | None) -> str:
        return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else ""

    def as_stored(*names: str) -> dict[str, object]:
        return {name: getattr(lookup, name) for name in names}

    typed = {"customer": lookup.customer or ERASED} if with_customers else {}
    return {
        "lookup": str(lookup.uuid),
        "asked_at": iso(lookup.created_at),
        "user": lookup.user.get_username() if lookup.user else "",
        **as_stored("system_user", "origin", "customer_hash"),
        **typed,
        "moment": iso(lookup.moment),
        "minutes": lookup.minutes,
        "projects": " ".join(lookup.projects),
        "environments": " ".join(lookup.environments),
        **as_stored("outcome", "problem", "events", "issues", "calls", "calls_saved"),
        **as_stored("duration_ms", "from_cache", "redacted"),
        "state": stored_state(lookup, now).value,
        "expires_at": iso(lookup.expires_at),
        "purged_at": iso(lookup.purged_at),
    }


# Actions on selected lookups. Each has a maximum and is recorded in the audit trail.

MAX_REFRESHED = 10
MAX_PURGED = 1000
MAX_EXTENDED = 10_000
MAX_DAYS = 365
_NONE = "Select lookups first."
_BATCH = 100


class ReviewActionForm(ActionForm):
    """The action, its number of days, and whether it is for all matching lookups."""

    days = forms.CharField(required=False)
    select_across = forms.BooleanField(required=False)


def _permission(name: str) -> Callable[[Any, HttpRequest], bool]:
    """Return the method by which Django asks whether to offer an action."""
    return lambda _admin, request: request.user.has_perm(name)


def _export_as(
    suffix: str, description: str, permission: str, named: bool = False
) -> Callable[[Any, HttpRequest, QuerySet[Lookup]], StreamingHttpResponse | None]:
    """Return the action that exports the list; customers are keyed hashes, or `named` as typed."""

    @admin.action(description=description, permissions=[permission])
    def export(
        page: "ReviewActions", request: HttpRequest, queryset: QuerySet[Lookup]
    ) -> StreamingHttpResponse | None:
        selected = page.selected(request, queryset.select_related("user", "typed"), MAX_LISTED)
        if not selected:
            return None
        record(
            Action.REVIEWED,
            actor_of(request),
            target="list of lookups",
            detail={"lookups": len(selected), "format": suffix, "customers": named},
        )
        now = datetime.now(UTC)
        cells = partial(cells_of, now=now, with_customers=named)
        name = f"lookups-{now:%Y%m%d-%H%M%S}"
        return rows_file(map(cells, selected), [*cells(selected[0])], suffix, name)

    return export


class ReviewActions(ReadOnlyAdmin):
    """The actions of the list of lookups."""

    action_form = ReviewActionForm
    actions = ("refresh", "extend", "purge", "export_csv", "export_json_lines", "export_named")

    has_refresh_permission = _permission("lookups.refresh_lookup")
    has_purge_permission = _permission("lookups.purge_lookup")
    has_extend_permission = _permission("lookups.extend_lookup")
    has_unredacted_permission = _permission("lookups.export_unredacted")

    @admin.action(description="Refresh: ask Sentry again", permissions=["refresh"])
    def refresh(self, request: HttpRequest, queryset: QuerySet[Lookup]) -> None:
        """Query again in the background, as new lookups of the person who refreshes."""
        assert isinstance(request.user, User)  # noqa: S101 - the admin site saw to it
        requester = Requester(Origin.WEB, request.user, address=client_address(request))
        started = 0
        for lookup in self.selected(request, queryset, MAX_REFRESHED):
            if not lookup.customer:
                erased = "One customer's data was erased, so that lookup can't be refreshed."
                messages.error(request, erased)
                continue
            try:
                with transaction.atomic():
                    record_action(Action.REFRESHED, requester.actor, lookup, by="review")
                    repeated = repeat_lookup(lookup, requester=requester)
            except LookupFailed as failure:
                messages.error(request, f"{failure.problem.message} {failure.problem.next_step}")
                break
            lookup_state(repeated, 0.0)  # starts the query
            started += 1
        if started:
            asking = f"Asking Sentry again for {counted(started, 'lookup')}."
            messages.success(request, f"{asking} The new records are at the top of the list.")

    @admin.action(description="Keep results longer", permissions=["extend"])
    def extend(self, request: HttpRequest, queryset: QuerySet[Lookup]) -> None:
        """Postpone the expiry of results that are still stored."""
        typed = request.POST.get("days", "")
        days = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else 0
        if not 1 <= days <= MAX_DAYS:
            messages.error(request, f"Enter a number of days from 1 to {MAX_DAYS}.")
            return
        stored = queryset.filter(expires_at__gt=timezone.now(), has_answer=True, purged_at=None)
        none = "None of these results are still stored."
        selected = self.selected(request, stored, MAX_EXTENDED, none)
        if not selected:
            return
        with transaction.atomic():
            record_actions(Action.EXTENDED, actor_of(request), selected, by="review", days=days)
            for start in range(0, len(selected), _BATCH):
                pks = [lookup.pk for lookup in selected[start : start + _BATCH]]
                batch = Lookup.objects.filter(pk__in=pks, purged_at=None)
                batch.update(expires_at=F("expires_at") + timedelta(days=days))
        more = counted(days, "more day")
        messages.success(request, f"Results kept for {more}: {len(selected)}.")

    @admin.action(description="Purge: delete stored results", permissions=["purge"])
    def purge(self, request: HttpRequest, queryset: QuerySet[Lookup]) -> HttpResponse | None:
        """Delete results after confirmation, and copies of them if wanted. The records stay."""
        selected = self.selected(request, queryset, MAX_PURGED)
        if not selected:
            return None
        copies = _copies_of(selected)
        if "confirmed" not in request.POST:
            context: dict[str, Any] = {
                **self.admin_site.each_context(request),
                "title": f"Delete the stored results of {counted(len(selected), 'lookup')}?",
                "opts": self.opts,
                "back": request.get_full_path(),
                "selected": request.POST.getlist("_selected_action"),
                "across": request.POST.get("select_across", ""),
                "only": counted(len(selected), "result"),
                "copies": counted(len(copies), "other lookup") if copies else "",
                "total": counted(len(selected) + len(copies), "result"),
            }
            return TemplateResponse(request, "admin/lookups/lookup/purge.html", context)
        if "copies" in request.POST:
            selected += copies
        purge_answers(selected, actor=actor_of(request))
        messages.success(request, f"Results deleted: {len(selected)}.")
        return None

    export_csv = _export_as("csv", "Export the list as CSV", "view")
    export_json_lines = _export_as("jsonl", "Export the list as JSON lines", "view")
    export_named = _export_as(
        "csv", "Export the list as CSV, customers as typed", "unredacted", named=True
    )

    def selected(
        self, request: HttpRequest, queryset: QuerySet[Lookup], limit: int, none: str = _NONE
    ) -> list[Lookup]:
        """Return the lookups to act on, or an empty list and a message if too many or none."""
        selected = list(queryset[: limit + 1])
        if len(selected) > limit:
            many = f"This works for up to {limit:,} lookups, and you selected more."
            messages.error(request, f"{many} Narrow the list.")
            return []
        if not selected:
            messages.error(request, none)
        return selected


def _copies_of(lookups: Sequence[Lookup]) -> list[Lookup]:
    """Return the other lookups that store a result for the same customer and window."""
    windows = {(one.customer_hash, one.moment, one.minutes) for one in lookups}
    stored = Lookup.objects.filter(has_answer=True, purged_at=None)
    similar = stored.exclude(pk__in=[one.pk for one in lookups]).filter(
        customer_hash__in={one.customer_hash for one in lookups},
        moment__in={one.moment for one in lookups},
    )
    found = similar.defer("snapshot")
    return [one for one in found if (one.customer_hash, one.moment, one.minutes) in windows]


# The list of lookups, which no query counts beyond ten thousand.

_KEPT_FILTERS = "_changelist_filters"


class ReviewList(ChangeList):
    """The matching lookups, newest first, as rows in words."""

    paginator: BoundedPaginator

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Lookup]) -> list[Any]:
        """Return newest first, along the index of the leading filter."""
        for (parameter, value), order in filters.ORDERS.items():
            chosen = self.params.get(parameter)
            if chosen and value in ("", chosen):
                return [*order]
        return ["-created_at", "-pk"]

    @cached_property
    def rows(self) -> list[LookupRow]:
        """Return the rows of the current page."""
        return rows_of(list(self.result_list), timezone.now())

    @cached_property
    def kept(self) -> str:
        """Return the query string with which a record leads back to this list."""
        kept = urlencode({_KEPT_FILTERS: urlencode(self._parameters)})
        return f"?{kept}" if self._parameters else ""

    @property
    def counted(self) -> str:
        """Return the number of matching lookups, in words."""
        if self.paginator.has_more:
            return f"more than {self.paginator.count:,} lookups"
        return counted(self.result_count, "lookup")

    @property
    def searched(self) -> str:
        """Return the customer that was searched for, as the first of the lookups shows them."""
        return self.rows[0].customer if self.query and self.rows else ""

    @property
    def active(self) -> list[tuple[str, str, str]]:
        """Return each active filter: its title, its choice, and the URL without it."""
        active = [
            (spec.title, spec.chosen_label, self._without(spec.parameter_name))
            for spec in self._filters
            if spec.chosen
        ]
        if self.query:
            active.append(("customer", "the one searched for", self._without("q")))
        return active

    @property
    def page_numbers(self) -> list[int | str]:
        """Return the page numbers to link to, with gaps."""
        return list(self.paginator.get_elided_page_range(self.page_num))

    @property
    def older(self) -> str:
        """Return the URL of the lookups after the last page, or an empty text if there are none."""
        last = self.paginator.num_pages
        if not self.paginator.has_more or self.page_num != last or not self.rows:
            return ""
        cursor = filters.cursor_of(list(self.result_list)[-1])
        return f"?{urlencode({**self._parameters, 'before': cursor})}"

    @property
    def carried(self) -> list[tuple[str, str]]:
        """Return the hidden fields of the filter form."""
        hidden = [
            (spec.parameter_name, spec.chosen)
            for spec in self._filters
            if spec.is_hidden and spec.parameter_name != "before"
        ]
        return [*hidden, ("q", self.query)] if self.query else hidden

    @property
    def _filters(self) -> list[ChoiceFilter]:
        return [spec for spec in self.filter_specs if isinstance(spec, ChoiceFilter)]

    @property
    def _parameters(self) -> dict[str, str]:
        return {name: value for name, value in self.params.items() if value}

    def _without(self, parameter: str | None) -> str:
        return f"?{urlencode({k: v for k, v in self._parameters.items() if k != parameter})}"


# The filters that the statistics follow.


def scope_of(parameters: Mapping[str, str]) -> tuple[Callable[[DayCount], bool], str]:
    """Return the condition of the statistics for these parameters, and its description."""
    people, outcome, shared, parts = None, None, None, []
    person, team = parameters.get("who", ""), parameters.get("team", "")
    if filters.is_number(person):
        people = {int(person)}
        parts.append("this person")
    elif filters.is_number(team):
        members = User.objects.filter(groups__team__group_id=int(team))
        people = set(members.values_list("pk", flat=True))
        parts.append("this team")
    if parameters.get("outcome") in Outcome.values:
        outcome = Outcome(parameters["outcome"])
        parts.append(str(outcome.label))
    if parameters.get("shared") in ("yes", "no"):
        shared = parameters["shared"] == "yes"
        parts.append("from cache" if shared else "from Sentry")

    def matches(count: DayCount) -> bool:
        return (
            (people is None or count.person in people)
            and outcome in (None, count.outcome)
            and shared in (None, count.shared)
        )

    return matches, ", ".join(parts)


@admin.register(Lookup)
class LookupAdmin(ReviewActions):
    """The list of lookups. The search for a customer is exact, by keyed hash."""

    list_display = ("pk",)
    list_filter = filters.FILTERS
    allowed_filters = filters.PARAMETERS  # never a customer: they don't belong in a URL
    list_select_related = ("user", "typed")
    paginator = BoundedPaginator
    sortable_by = ()
    search_fields = ("customer_hash",)
    search_help_text = "A customer, exactly as typed, or the person who looked them up."
    list_max_show_all = 50
    show_facets = admin.ShowFacets.NEVER

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ReviewList]:
        return ReviewList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lookup]:
        return super().get_queryset(request).defer("snapshot")

    @property
    def media(self) -> Media:
        """Return no media: the templates load their own script and work without it."""
        return Media()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list. A search is posted, so no customer gets into a URL."""
        searched = ""
        if request.method == "POST" and "find" in request.POST:
            searched = request.POST["find"].replace("\0", "").strip()
            found = _find(searched)
            kept = filters.PARAMETERS - {"before"}
            used = {name: value for name, value in request.GET.items() if name in kept and value}
            address = urlencode({**used, **found})
            if "q" not in found or Lookup.objects.filter(customer_hash=found["q"]).exists():
                return HttpResponseRedirect(f"?{address}")
            request.method, request.GET = "GET", QueryDict(address)
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None)
        if context and "cl" in context:
            changelist = context["cl"]
            query = str(changelist.query)
            if changelist.rows:  # they show customers as typed
                record(
                    Action.REVIEWED,
                    actor_of(request),
                    target="list of lookups",
                    customer_hash=query if HASH.fullmatch(query) else "",
                    detail={"lookups": len(changelist.rows), "format": "page", "customers": True},
                )
            matches, scope = scope_of(changelist.params)
            scope = scope or ("all customers" if query else "all lookups")
            context |= {
                "charts": charts(matches, scope, timezone.now()),
                "searched": searched or changelist.searched,
                "title": "Lookups",
            }
        return response

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Lookup], search_term: str
    ) -> tuple[QuerySet[Lookup], bool]:
        """Return the lookups with this customer hash; none for any other text."""
        if search_term:
            is_hash = HASH.fullmatch(search_term)
            queryset = queryset.filter(customer_hash=search_term) if is_hash else queryset.none()
        return queryset, False

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **options: Any
    ) -> HttpResponse:
        """Show one record, and record the view in the audit trail."""
        lookup = self.get_object(request, object_id)
        is_shown = request.method in ("GET", "HEAD") and self.has_view_permission(request, lookup)
        if lookup is None or not is_shown:
            return super().change_view(request, object_id, *args, **options)
        record_action(Action.VIEWED, actor_of(request), lookup, by="review")
        kept = parse_qsl(request.GET.get(_KEPT_FILTERS, ""))
        context = {
            **self.admin_site.each_context(request),
            "title": "Lookup record",
            "opts": self.opts,
            "lookup": lookup,
            "record": record_context(lookup, timezone.now()),
            "filters": urlencode([pair for pair in kept if pair[0] in {*filters.PARAMETERS, "q"}]),
            "choices": [
                (action, label)
                for action, label in self.get_action_choices(request)
                if action in ("refresh", "extend", "purge")
            ],
        }
        return TemplateResponse(request, "admin/lookups/lookup/record.html", context)


def _find(term: str) -> dict[str, str]:
    """Return the filter for the person of this name, else for the customer by keyed hash."""
    if not term:
        return {}
    person = User.objects.filter(username__iexact=term).values_list("pk", flat=True).first()
    if person is not None:
        return {"who": str(person)}
    if Lookup.objects.filter(system_user=term).exclude(system_user="").exists():
        return {"system": term}
    fields = settings.TRIAGE_CUSTOMER_FIELDS
    return {"q": hash_customer(identifier_to_find(term, fields=fields))}
