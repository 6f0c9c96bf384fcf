"""Review: who looked up whom, with which outcome; refresh and purge. Records are never edited."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.audit.callers import actor_of, client_address
from apps.audit.models import Action
from apps.events.durations import duration
from apps.lookups.acts import record_act
from apps.lookups.asked import repeat_lookup
from apps.lookups.asker import Asker
from apps.lookups.export_admin import ExportsOfLookup
from apps.lookups.models import Lookup, Origin
from apps.lookups.problems import LookupFailed
from apps.lookups.reasons import reason_of
from apps.lookups.services import answer_lookup, purge_answers
from apps.vault.hashing import hash_customer

MOST_REFRESHED = 10
_FILTERED = frozenset(("outcome", "origin", "from_cache", "redacted", "user", "created_at", "kept"))
_HASH = re.compile(r"[0-9a-f]{64}")
_NBSP = "\N{NO-BREAK SPACE}"


class KeptFilter(admin.SimpleListFilter):
    """Whether the answer is still there, shared or with its record."""

    title = "kept answer"
    parameter_name = "kept"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The choices."""
        return [("cached", "still cached"), ("stored", "stored only"), ("purged", "purged")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Lookup]) -> QuerySet[Lookup]:
        """The records of the choice."""
        cached = Q(cached_until__gt=timezone.now())
        if self.value() == "cached":
            return queryset.filter(cached)
        if self.value() == "stored":
            return queryset.filter(snapshot__isnull=False).exclude(cached)
        if self.value() == "purged":
            return queryset.filter(purged_at__isnull=False)
        return queryset


@admin.register(Lookup)
class LookupAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """The list of lookups. A search for a customer is exact, by the keyed hash."""

    list_display = (
        "asked",
        "who",
        "customer",
        "window",
        "result",
        "kept",
        "open_link",
    )
    list_display_links = ("asked",)
    list_filter = ("outcome", KeptFilter, "origin", "from_cache", "redacted", "user")
    list_select_related = ("user", "typed")
    date_hierarchy = "created_at"
    search_fields = ("customer_hash",)
    search_help_text = "A customer, exactly as it was typed, or who looked."
    actions = ("refresh", "purge")
    exclude = ("cache_key", "marker", "customer_hash")
    readonly_fields = ("customer", "why")
    inlines = (ExportsOfLookup,)
    list_per_page = 50
    show_full_result_count = False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only the filters that are offered: no customer belongs into an address."""
        return lookup.split("__", maxsplit=1)[0] in _FILTERED

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Lookups are made by looking up."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Lookup | None = None) -> bool:
        """A record is read, never edited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Lookup | None = None) -> bool:
        """A record stays; only its answer can be purged."""
        return False

    def has_refresh_permission(self, request: HttpRequest) -> bool:
        """Who may ask Sentry again from here."""
        return request.user.has_perm("lookups.refresh_lookup")

    def has_purge_permission(self, request: HttpRequest) -> bool:
        """Who may remove kept answers."""
        return request.user.has_perm("lookups.purge_lookup")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lookup]:
        """Without the snapshots, which a list has no use for."""
        return super().get_queryset(request).defer("snapshot")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list; a search is posted, so that no customer gets into an address."""
        if request.method == "POST" and "find" in request.POST:
            term = request.POST["find"].strip()
            return HttpResponseRedirect(f"?{urlencode({'q': _searchable(term)})}" if term else "?")
        return super().changelist_view(request, extra_context)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Lookup], search_term: str
    ) -> tuple[QuerySet[Lookup], bool]:
        """Find one customer by hash, or what one person looked up."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if _HASH.fullmatch(term):
            return queryset.filter(customer_hash=term), False
        return queryset.filter(Q(user__username=term) | Q(system_user=term)), False

    @admin.display(description="Asked (UTC)", ordering="created_at")
    def asked(self, lookup: Lookup) -> str:
        """When somebody asked."""
        return _short(lookup.created_at)

    @admin.display(description="Who", ordering="user__username")
    def who(self, lookup: Lookup) -> str:
        """The person, or the system's user of a command line."""
        return str(lookup.user) if lookup.user else lookup.system_user or "unknown"

    @admin.display(description="Ticket or reason")
    def why(self, lookup: Lookup) -> str:
        """What the person gave as the reason, if anything."""
        return reason_of(lookup)

    @admin.display(description="Window (UTC)", ordering="moment")
    def window(self, lookup: Lookup) -> str:
        """The moment and the minutes around it."""
        return f"{_short(lookup.moment)}{_NBSP}±{_NBSP}{lookup.minutes}{_NBSP}min"

    @admin.display(description="Outcome", ordering="outcome")
    def result(self, lookup: Lookup) -> str:
        """How it ended, with what was found and what it cost."""
        told = [lookup.get_outcome_display()]
        if lookup.problem:
            told.append(lookup.problem.replace("_", " "))
        if lookup.events:
            told.append(f"{lookup.events} events in {lookup.issues} issues")
        if lookup.duration_ms is not None:
            told.append("shared" if lookup.from_cache else f"{lookup.calls} calls")
            told.append(f"{lookup.duration_ms} ms")
        return ", ".join(told)

    @admin.display(description="Answer")
    def kept(self, lookup: Lookup) -> str:
        """Whether the answer is still cached, only stored, or purged."""
        if lookup.purged_at:
            return "purged"
        if lookup.cached_until and lookup.cached_until > timezone.now():
            left = lookup.cached_until - timezone.now()
            return f"cached, {duration(left.total_seconds())} left"
        return "stored" if lookup.events is not None else "none"

    @admin.display(description="Page")
    def open_link(self, lookup: Lookup) -> SafeString:
        """The result as the agent saw it."""
        return format_html('<a href="{}">Open</a>', reverse("lookup_detail", args=[lookup.uuid]))

    @admin.action(description="Refresh: ask Sentry again", permissions=["refresh"])
    def refresh(self, request: HttpRequest, queryset: QuerySet[Lookup]) -> None:
        """Ask again for up to ten lookups; each gets a new record in the admin's name."""
        assert isinstance(request.user, User)  # noqa: S101 - the admin site saw to it
        asker = Asker(Origin.WEB, request.user, address=client_address(request))
        chosen = list(queryset[: MOST_REFRESHED + 1])
        if len(chosen) > MOST_REFRESHED:
            messages.error(request, f"Please choose at most {MOST_REFRESHED} lookups to refresh.")
            return
        for lookup in chosen:
            try:
                record_act(Action.REFRESHED, asker.actor, lookup)
                result = answer_lookup(repeat_lookup(lookup, asker=asker))
                messages.success(request, f"Refreshed: {len(result.answer.events)} events.")
            except LookupFailed as failure:
                messages.error(request, f"{failure.problem.message} {failure.problem.next_step}")

    @admin.action(description="Purge: remove the kept answers", permissions=["purge"])
    def purge(self, request: HttpRequest, queryset: QuerySet[Lookup]) -> None:
        """Remove the stored and the shared answers; the records stay."""
        count = purge_answers(list(queryset), actor=actor_of(request))
        messages.success(request, f"Answers removed: {count}.")


def _short(moment: datetime) -> str:
    """20 Nov 14:05 in UTC, on one line."""
    return f"{moment.astimezone(UTC):%d %b %H:%M}".replace(" ", _NBSP)


def _searchable(term: str) -> str:
    """The name of a person who looked, else the keyed hash of what must be a customer."""
    person = User.objects.filter(username__iexact=term).values_list("username", flat=True).first()
    if person is None:
        looked = Lookup.objects.filter(system_user=term).exists()
        return term if looked else hash_customer(term)
    return str(person)
