"""Admin pages of the audit trail, its exports, and base classes of other admin pages."""

import csv
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.functional import cached_property
from django.utils.html import format_html

from apps.audit.models import Action, Entry
from apps.audit.trail import Fact, actor_of, decrypt_words, record
from apps.crypto import hash_customer
from apps.events.identifier import identifier_to_find

MAX_LISTED = 10_000
ORIGIN_LABELS = {
    "web": "web page",
    "api": "API",
    "mcp": "assistant (MCP)",
    "cli": "command line",
    "system": "Triage itself",
}
_COLUMNS = (
    *("sequence", "at", "action", "actor_id", "actor", "origin", "address", "target"),
    *("customer_hash", "detail", "words_hash", "previous", "digest"),
)
# Characters that start a formula in spreadsheets, including full-width forms.
_FORMULA = ("=", "+", "-", "@", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Paginate the first `MAX_LISTED` rows only, so that no query counts a whole table."""

    @cached_property
    def _bounded_count(self) -> int:
        assert isinstance(self.object_list, QuerySet)  # noqa: S101 - the admin's list is one
        return int(self.object_list.order_by()[: MAX_LISTED + 1].count())

    @cached_property
    def count(self) -> int:
        return min(self._bounded_count, MAX_LISTED)

    @property
    def has_more(self) -> bool:
        """Return whether there are rows after the last page."""
        return self._bounded_count > MAX_LISTED


def format_detail(detail: Mapping[str, Any]) -> str:
    """Return the details of an entry in one line, without empty ones."""
    facts = []
    for name, fact in detail.items():
        shown = "yes" if fact is True else str(fact)
        if isinstance(fact, list):
            more = f" and {len(fact) - 3} more" if len(fact) > 3 else ""
            shown = " ".join(map(str, fact[:3])) + more
        if fact not in ("", None, [], False):
            facts.append(f"{name.replace('_', ' ')}: {shown}")
    return ", ".join(facts)


def rows_file(
    rows: Iterable[Mapping[str, object]], columns: Sequence[str], suffix: str, name: str
) -> StreamingHttpResponse:
    """Return the rows as a file: CSV, or with the suffix `jsonl` one JSON object per line."""
    if suffix == "csv":
        lines: Iterable[str] = map(_csv_line, chain([columns], (row.values() for row in rows)))
        kind = "text/csv; charset=utf-8"
    else:
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        kind = "application/x-ndjson"
    headers = {"Content-Disposition": f'attachment; filename="{name}.{suffix}"'}
    return StreamingHttpResponse(lines, content_type=kind, headers=headers)


def _csv_line(cells: Iterable[object]) -> str:
    """Return a line of CSV, with every cell quoted and no cell a formula."""
    text = StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([escape_cell(cell) for cell in cells])
    return text.getvalue()


def escape_cell(fact: object) -> str:
    """Return the cell's text, prefixed so that spreadsheets don't evaluate it."""
    if isinstance(fact, dict):
        return json.dumps(fact, sort_keys=True)
    text = "" if fact is None else str(fact)
    is_evaluated = text.lstrip().startswith(_FORMULA) or (text and text[0] < " ")
    return f"'{text}" if is_evaluated else text


def _row(entry: Entry, words: bool) -> dict[str, Any]:
    row = {name: getattr(entry, name) for name in _COLUMNS}
    row["at"] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    if words:
        row["words"] = decrypted_words(entry)
    return row


def decrypted_words(entry: Entry) -> str:
    """Return the entry's words; empty if there were none, or they were erased."""
    words = getattr(entry, "words", None)
    return decrypt_words(words) if words else ""


_MAX_UTC_OFFSET = timedelta(hours=15)  # PostgreSQL accepts no larger one
_NUMBER = re.compile(r"[0-9]{1,18}")
_DATE_PARTS = ("__year", "__month", "__day")


class AllowedFiltersAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """A list that accepts only `allowed_filters`, with values that a database can compare.

    Django's admin filters by any column that a URL names, which would let people guess the
    password hashes of others character by character.
    """

    allowed_filters: frozenset[str] = frozenset()

    def response_action(  # type: ignore[override]  # typed for a later Django
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Raise BadRequest if a selected row's key isn't a number."""
        if not all(map(_NUMBER.fullmatch, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            raise BadRequest
        return super().response_action(request, queryset)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Return whether to accept the filter; Django answers others with 400."""
        is_allowed = lookup in self.allowed_filters
        return is_allowed and (not lookup.startswith("at__") or _is_time(lookup, value))


def _is_time(lookup: str, value: str) -> bool:
    """Return whether the value stays a valid time in every time zone."""
    if lookup.endswith(_DATE_PARTS):
        return value.isascii() and value.isdigit() and 1 <= int(value[:5]) < 9999
    try:
        parsed = parse_datetime(value) or parse_date(value)
    except ValueError:
        return False
    if parsed is None:
        return True
    offset = parsed.utcoffset() if isinstance(parsed, datetime) else None
    return 1 < parsed.year < 9999 and abs(offset or timedelta()) < _MAX_UTC_OFFSET


HASH = re.compile(r"[0-9a-f]{64}")
_LOOKUP_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


Choices = Sequence[tuple[str, str]]


class ChoiceFilter(admin.SimpleListFilter, ABC):
    """A filter with one choice of its `options`. `is_hidden` filters are set by links only."""

    is_hidden = False
    options: Choices = ()

    title: str
    parameter_name: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the options; a filter without any offers the current choice."""
        return self.options or ([(chosen, chosen)] if (chosen := self.chosen) else [])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows that match the choice; none for a choice that doesn't exist."""
        if not self.chosen:
            return queryset
        condition = self.condition(self.chosen)
        return queryset.none() if condition is None else queryset.filter(condition)

    def has_output(self) -> bool:
        """Return whether the filter is used, also for an unknown choice, which finds nothing."""
        return super().has_output() or bool(self.chosen)

    @property
    def chosen(self) -> str:
        """Return the current choice, or an empty text."""
        return str(self.value() or "")

    @property
    def chosen_label(self) -> str:
        labels = (label for value, label in self.lookup_choices if value == self.chosen)
        return str(next(labels, "?"))

    @abstractmethod
    def condition(self, chosen: str) -> Q | None:
        """Return the condition for a choice, or None if it doesn't exist."""


def choice_filter(
    name: str, parameter: str, find: Callable[[str], Q | None], choices: Choices = ()
) -> type[ChoiceFilter]:
    """Return a filter with the condition that `find` returns; one without choices is hidden."""

    class OtherFilter(ChoiceFilter):
        title = name
        parameter_name = parameter
        options = choices
        is_hidden = not choices

        def condition(self, chosen: str) -> Q | None:
            return find(chosen)

    return OtherFilter


# The addresses of a filter by time.
FILTERS_BY_TIME = tuple(f"at__{part}" for part in ("gte", "lt", "year", "month", "day"))


class LastingAdmin(AllowedFiltersAdmin):
    """Pages of rows that are never deleted, such as what the audit trail refers to."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(LastingAdmin):
    """Pages of rows that only the program itself writes."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    """The newest entries. Words are shown only to people who can see customers."""

    list_display = ("when", "who", "source", "what", "target_link", "facts")
    list_display_links = ("when",)
    list_filter = (
        choice_filter(
            "source", "origin", lambda chosen: Q(origin=chosen), [*ORIGIN_LABELS.items()]
        ),
        "at",
        "action",
    )
    allowed_filters = frozenset(("action__exact", "origin", "at__gte", "at__lt"))
    search_fields = ("actor",)
    ordering = ("-sequence",)
    sortable_by = ()
    actions = None
    list_per_page = 100
    list_max_show_all = 0
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator

    class Media:
        css = {"all": ("audit/trail.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        entries = super().get_queryset(request)
        return entries.select_related("words") if _sees_words(request) else entries

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Add the words, which may name a customer, for people who can see customers."""
        return (*self.list_display, "why") if _sees_words(request) else self.list_display

    def get_fields(self, request: HttpRequest, obj: Entry | None = None) -> tuple[str, ...]:
        shown = ("sequence", *self.get_list_display(request))
        return (*shown, "actor_id", "detail", "customer_hash", "words_hash", "previous", "digest")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Entry], search_term: str
    ) -> tuple[QuerySet[Entry], bool]:
        """Search by a customer's hash, the ID of a lookup or incident, or a person's exact name."""
        term = search_term.strip()
        if HASH.fullmatch(term):
            queryset = queryset.filter(customer_hash=term)
        elif _LOOKUP_ID.fullmatch(term):
            queryset = queryset.filter(target__in=(f"lookup {term}", f"incident {term}"))
        elif term:
            queryset = queryset.filter(actor=term)
        return queryset, False

    def changelist_view(  # type: ignore[override]  # exports are streamed
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Show the list, or export it. Searches are posted, to keep customers out of URLs."""
        if request.method == "POST" and self.has_view_permission(request):
            if request.POST.get("take") in ("csv", "jsonl"):
                return self._export(request, request.POST["take"])
            return HttpResponseRedirect(f"?{urlencode(_query(request))}")
        context = {"title": "Audit trail", **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def _export(self, request: HttpRequest, format_: str) -> HttpResponseBase:
        try:
            changelist = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect("?e=1")
        filters = [f"{name}={value}" for name, value in sorted(request.GET.items())]
        shown = [one for one in filters if _names_no_customer(*one.split("=", 1))]
        detail = {"format": format_, "filters": shown[:10]}
        record(Action.REVIEWED, actor_of(request), target="audit trail", detail=detail)
        entries = changelist.queryset.order_by("sequence").iterator(chunk_size=1000)
        words = _sees_words(request)
        columns = (*_COLUMNS, "words") if words else _COLUMNS
        rows = (_row(entry, words) for entry in entries)
        return rows_file(rows, columns, format_, f"audit-trail-{timezone.now():%Y-%m-%d}")

    @admin.display(description="When (UTC)")
    def when(self, entry: Entry) -> str:
        return f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="Who", empty_value="unknown")
    def who(self, entry: Entry) -> str | None:
        return entry.actor or (ORIGIN_LABELS["system"] if entry.origin == "system" else None)

    @admin.display(description="From where")
    def source(self, entry: Entry) -> str:
        label = ORIGIN_LABELS.get(entry.origin, entry.origin)
        return f"{label}, {entry.address}" if entry.address else label

    @admin.display(description="What")
    def what(self, entry: Entry) -> str:
        return str(entry.get_action_display())

    @admin.display(description="Target")
    def target_link(self, entry: Entry) -> str:
        """Return the target; a lookup or an incident links to all entries about it."""
        kind, _, lookup_id = entry.target.partition(" ")
        if kind in ("lookup", "incident") and _LOOKUP_ID.fullmatch(lookup_id):
            return format_html('<a href="?q={}">{}</a>', lookup_id, entry.target)
        return entry.target

    @admin.display(description="Details")
    def facts(self, entry: Entry) -> str:
        return format_detail(entry.detail)

    @admin.display(description="Why")
    def why(self, entry: Entry) -> str:
        return decrypted_words(entry)


def _sees_words(request: HttpRequest) -> bool:
    return request.user.has_perm("lookups.view_lookup")


def _query(request: HttpRequest) -> dict[str, str]:
    """Return the query string for the posted search form; a customer becomes a hash."""
    query = {name: request.GET[name] for name in request.GET if name not in ("q", "p", "e")}
    posted = {name: request.POST.get(name, "").strip() for name in ("who", "customer", "on")}
    if posted["customer"]:
        fields = settings.TRIAGE_CUSTOMER_FIELDS
        query["q"] = hash_customer(identifier_to_find(posted["customer"], fields=fields))
    elif posted["who"] or posted["on"]:
        query["q"] = posted["who"] or posted["on"].lower().removeprefix("lookup ")
    for name, bound, offset in (("from", "at__gte", 0), ("to", "at__lt", 1)):
        with suppress(ValueError):
            if day := parse_date(request.POST.get(name, "")):
                query[bound] = f"{day + timedelta(days=offset)} 00:00:00+00:00"
    return query


def _names_no_customer(name: str, value: str) -> bool:
    """Return whether to record the filter: anyone can put a customer into a URL."""
    if name == "q":
        is_id = any(form.fullmatch(value) for form in (HASH, _LOOKUP_ID))
        return is_id or Entry.objects.filter(actor=value).exists()
    if name in ("at__gte", "at__lt"):
        return parse_datetime(value) is not None
    return value in {"action__exact": Action.values, "origin": list(ORIGIN_LABELS)}.get(name, [])


class AuditedAdmin(AllowedFiltersAdmin):
    """Record changes of a model with `changed_by` and `audit_target`. `lasting` fields stay."""

    lasting: tuple[str, ...] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*(self.lasting if obj else ()), "changed_at", "changed_by")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the row with its editor, and record the change."""
        assert isinstance(request.user, User)  # noqa: S101 - the admin requires sign-in
        obj.changed_by = request.user
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            _record(request, obj, change="saved" if change else "added", fields=form.changed_data)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            _record(request, obj, change="removed")
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            for one in queryset:
                _record(request, one, change="removed")
            super().delete_queryset(request, queryset)


def _record(request: HttpRequest, row: Any, **detail: Fact) -> None:
    record(Action.SETTING_CHANGED, actor_of(request), target=row.audit_target, detail=detail)
