"""The trail for auditors and admins: to read, to filter, to take along. Nothing can be changed."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.functional import cached_property
from django.utils.html import format_html

from apps.audit.models import Action, Entry
from apps.audit.trail import Fact, actor_of, opened, record
from apps.crypto import hash_customer

# The trail as people and programs take it along: plain words, CSV and JSON lines.

MOST_LISTED = 10_000
ORIGINS = {"web": "web page", "api": "API", "cli": "command line", "system": "Triage itself"}
_COLUMNS = (
    *("sequence", "at", "action", "actor_id", "actor", "origin", "address", "target"),
    *("customer_hash", "detail", "words_hash", "previous", "digest"),
)
# What a spreadsheet takes for a formula at the start of a cell, wide forms too.
_FORMULA = ("=", "+", "-", "@", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Pages of the newest entries; it never counts more than it lists."""

    @cached_property
    def count(self) -> int:
        """How many are listed: at most ten thousand, whatever there is."""
        assert isinstance(self.object_list, QuerySet)  # noqa: S101 - the admin's list is one
        return int(self.object_list.order_by()[:MOST_LISTED].count())

    @property
    def is_cut(self) -> bool:
        """Whether there may be more than is listed."""
        return self.count >= MOST_LISTED


def told(detail: Mapping[str, Any]) -> str:
    """The small facts of an entry on one line; what is empty is left out."""
    named = {name: fact for name, fact in detail.items() if fact not in ("", None, [], False)}
    return ", ".join(f"{name.replace('_', ' ')}: {_fact(fact)}" for name, fact in named.items())


def _fact(fact: Any) -> str:
    if fact is True:
        return "yes"
    if isinstance(fact, list):
        more = f" and {len(fact) - 3} more" if len(fact) > 3 else ""
        return " ".join(str(one) for one in fact[:3]) + more
    return str(fact)


def csv_lines(entries: QuerySet[Entry], *, words: bool) -> Iterator[str]:
    """The entries as CSV, line by line, every cell quoted and none a formula."""
    yield csv_line(_names(words))
    for entry in entries.iterator(chunk_size=1000):
        yield csv_line(_row(entry, words).values())


def json_lines(entries: QuerySet[Entry], *, words: bool) -> Iterator[str]:
    """The entries as JSON, one object on each line."""
    for entry in entries.iterator(chunk_size=1000):
        yield json.dumps(_row(entry, words)) + "\n"


def csv_line(facts: Iterable[object]) -> str:
    """One line of CSV, every cell quoted and none a formula."""
    text = StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([safe_cell(fact) for fact in facts])
    return text.getvalue()


def safe_cell(fact: object) -> str:
    """The fact as a cell that a spreadsheet shows and does not work out."""
    if isinstance(fact, dict):
        return json.dumps(fact, sort_keys=True)
    text = "" if fact is None else str(fact)
    is_worked_out = text.lstrip().startswith(_FORMULA) or (text and text[0] < " ")
    return f"'{text}" if is_worked_out else text


def _names(words: bool) -> list[str]:
    return [*_COLUMNS, "words"] if words else [*_COLUMNS]


def _row(entry: Entry, words: bool) -> dict[str, Any]:
    row = {name: getattr(entry, name) for name in _COLUMNS}
    row["at"] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    row["action"] = str(Action(entry.action)) if entry.action in Action else entry.action
    if words:
        row["words"] = words_of_entry(entry)
    return row


def words_of_entry(entry: Entry) -> str:
    """What was typed for the entry; empty when nothing was, or it was erased."""
    typed = getattr(entry, "words", None)
    return opened(typed) if typed else ""


# Filters of the review's lists: those that are offered, and nothing else that can be asked.
#
# By itself the admin filters by any column that an address names: a list of people could be
# asked, letter by letter, for the hashes of their passwords.

_WIDEST_ZONE = timedelta(hours=15)  # PostgreSQL takes no wider one
_NUMBER = re.compile(r"[0-9]{1,18}")
_PARTS_OF_A_DATE = ("__year", "__month", "__day")


class OfferedFilters(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """A list that takes the parameters in `offered`, with values that a database can compare."""

    offered: frozenset[str] = frozenset()

    def response_action(  # type: ignore[override]  # what a later Django hands over too
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """What is chosen are numbers of rows. Raises BadRequest."""
        if not all(map(_NUMBER.fullmatch, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            raise BadRequest
        return super().response_action(request, queryset)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """All else is answered with 400."""
        return lookup in self.offered and (not lookup.startswith("at__") or _is_time(lookup, value))


def _is_time(lookup: str, value: str) -> bool:
    """Whether it can be moved into any zone and is still a time."""
    if lookup.endswith(_PARTS_OF_A_DATE):
        return value.isascii() and value.isdigit() and 1 <= int(value[:5]) < 9999
    try:
        read = parse_datetime(value) or parse_date(value)
    except ValueError:
        return False
    if read is None:
        return True
    offset = read.utcoffset() if isinstance(read, datetime) else None
    return 1 < read.year < 9999 and abs(offset or timedelta()) < _WIDEST_ZONE


_HASH = re.compile(r"[0-9a-f]{64}")
_LOOKUP = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WRITERS = {
    "csv": (csv_lines, "text/csv; charset=utf-8"),
    "jsonl": (json_lines, "application/x-ndjson"),
}


class OriginFilter(admin.SimpleListFilter):
    """Through which door."""

    title = "source"
    parameter_name = "origin"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The choices, which nobody has to be asked for."""
        return list(ORIGINS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        """The entries of the choice."""
        return queryset.filter(origin=self.value()) if self.value() else queryset


@admin.register(Entry)
class EntryAdmin(OfferedFilters):
    """The newest entries. What people typed is shown to who may see customers."""

    list_display = ("when", "who", "whence", "what", "on_what", "facts")
    list_display_links = ("when",)
    list_filter = (OriginFilter, "at", "action")
    offered = frozenset(("action__exact", "origin", "at__gte", "at__lt"))
    search_fields = ("actor",)
    ordering = ("-sequence",)
    sortable_by = ()
    actions = None
    list_per_page = 100
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator

    class Media:
        css = {"all": ("audit/trail.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Entries are written by what people do."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        """They are never changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        """They stay until they are pruned."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        """With what was typed, for who may see it, in the same query."""
        entries = super().get_queryset(request)
        return entries.select_related("words") if _sees_words(request) else entries

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """An auditor sees no customer, and what people type may name one."""
        return (*self.list_display, "why") if _sees_words(request) else self.list_display

    def get_fields(self, request: HttpRequest, obj: Entry | None = None) -> tuple[str, ...]:
        """All of an entry."""
        shown = ("sequence", *self.get_list_display(request))
        return (*shown, "actor_id", "detail", "customer_hash", "words_hash", "previous", "digest")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Entry | None = None
    ) -> tuple[str, ...]:
        """None of it can be edited."""
        return self.get_fields(request, obj)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Entry], search_term: str
    ) -> tuple[QuerySet[Entry], bool]:
        """A person by exact name, a customer by hash, or all about one lookup."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if _HASH.fullmatch(term):
            return queryset.filter(customer_hash=term), False
        if _LOOKUP.fullmatch(term):
            return queryset.filter(target=f"lookup {term}"), False
        return queryset.filter(actor=term), False

    def changelist_view(  # type: ignore[override]  # a file is streamed
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """The list. What is searched for is posted, so that no customer gets into an address."""
        if request.method == "POST" and self.has_view_permission(request):
            if request.POST.get("take") in _WRITERS:
                return self._file(request, request.POST["take"])
            return HttpResponseRedirect(f"?{urlencode(_search(request))}")
        context = {"title": "Audit trail"}
        response: HttpResponse = super().changelist_view(
            request, {**context, **(extra_context or {})}
        )
        return response

    def _file(self, request: HttpRequest, format_: str) -> HttpResponseBase:
        """All entries of the filters, the oldest first; that they were taken is recorded before."""
        try:
            changes = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect("?e=1")
        filters = [f"{name}={value}" for name, value in sorted(request.GET.items())]
        told = [one for one in filters if _tells_of_no_customer(*one.split("=", 1))]
        record(
            Action.REVIEWED,
            actor_of(request),
            target="audit trail",
            detail={"format": format_, "filters": told[:10]},
        )
        writer, kind = _WRITERS[format_]
        entries = changes.queryset.order_by("sequence")
        lines = writer(entries, words=_sees_words(request))
        name = f"audit-trail-{timezone.now():%Y-%m-%d}.{format_}"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(lines, content_type=kind, headers=disposition)

    @admin.display(description="When (UTC)")
    def when(self, entry: Entry) -> str:
        """Date and time, whole seconds."""
        return f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="Who", empty_value="unknown")
    def who(self, entry: Entry) -> str | None:
        """The person's name at that time."""
        return entry.actor or (ORIGINS["system"] if entry.origin == "system" else None)

    @admin.display(description="From where")
    def whence(self, entry: Entry) -> str:
        """The door and the address."""
        door = ORIGINS.get(entry.origin, entry.origin)
        return f"{door}, {entry.address}" if entry.address else door

    @admin.display(description="What")
    def what(self, entry: Entry) -> str:
        """The act."""
        return str(entry.get_action_display())

    @admin.display(description="Target")
    def on_what(self, entry: Entry) -> str:
        """What it was done to; a lookup leads to all that was done with it."""
        kind, _, lookup_id = entry.target.partition(" ")
        if kind == "lookup" and _LOOKUP.fullmatch(lookup_id):
            return format_html('<a href="?q={}">{}</a>', lookup_id, entry.target)
        return entry.target

    @admin.display(description="Details")
    def facts(self, entry: Entry) -> str:
        """The small facts."""
        return told(entry.detail)

    @admin.display(description="Why")
    def why(self, entry: Entry) -> str:
        """The ticket or the reason, as typed."""
        return words_of_entry(entry)


def _sees_words(request: HttpRequest) -> bool:
    return request.user.has_perm("lookups.view_lookup")


def _search(request: HttpRequest) -> dict[str, str]:
    """The address of what the form asks for: filters stay, a customer becomes a hash."""
    kept = {name: request.GET[name] for name in request.GET if name not in ("q", "p", "e")}
    posted = {name: request.POST.get(name, "").strip() for name in ("who", "customer", "on")}
    if posted["customer"]:
        kept["q"] = hash_customer(posted["customer"])
    elif posted["who"] or posted["on"]:
        kept["q"] = posted["who"] or posted["on"].lower().removeprefix("lookup ")
    for name, bound, more in (("from", "at__gte", 0), ("to", "at__lt", 1)):
        day = _day(request.POST.get(name, ""))
        if day:
            kept[bound] = f"{day + timedelta(days=more)} 00:00:00+00:00"
    return kept


def _tells_of_no_customer(name: str, value: str) -> bool:
    """Whether a filter may stand in the trail: what anybody can put into an address may not."""
    if name == "q":
        is_ours = any(form.fullmatch(value) for form in (_HASH, _LOOKUP))
        return is_ours or Entry.objects.filter(actor=value).exists()
    if name in ("at__gte", "at__lt"):
        return parse_datetime(value) is not None
    return value in {"action__exact": Action.values, "origin": list(ORIGINS)}.get(name, [])


def _day(typed: str) -> date | None:
    """The day, None for what is none."""
    try:
        return parse_date(typed)
    except ValueError:
        return None


# Rows that people change in the review: who did stands on the row, and in the trail.


class RecordedSettings(OfferedFilters):
    """Pages of a model that has `changed_by`, and an `audit_target` by which the trail names it."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Note who changed it."""
        assert isinstance(request.user, User)  # noqa: S101 - the admin site saw to it
        obj.changed_by = request.user
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            detail = {"change": "saved" if change else "added", "fields": form.changed_data}
            _record(request, obj, **detail)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Note who removed it."""
        with transaction.atomic():
            _record(request, obj, change="removed")
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Note who removed them."""
        with transaction.atomic():
            for one in queryset:
                _record(request, one, change="removed")
            super().delete_queryset(request, queryset)


def _record(request: HttpRequest, row: Any, **detail: Fact) -> None:
    record(Action.SETTING_CHANGED, actor_of(request), target=row.audit_target, detail=detail)
