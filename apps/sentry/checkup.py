"""Does the connection to Sentry work, and if not: what to change. A few cheap calls, one a line."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from apps.sentry.config import (
    Deadline,
    Flavor,
    SentryAddressRefused,
    SentryAuthRefused,
    SentryBadResponse,
    SentryConfig,
    SentryError,
    SentryNotFound,
    SentryOneProjectOnly,
    SentryPermissionMissing,
    SentryRateLimited,
    SentryTimeout,
    SentryUnknownRoute,
    SentryUnreachable,
)
from apps.sentry.http import Reply, Transport
from apps.sentry.parsing import items, parse_project
from apps.sentry.throttling import AlonePace

MOST_SKEW_S = 30
CALL_S = 10.0

_FIXES: dict[type[SentryError], str] = {
    SentryUnreachable: "Check SENTRY_BASE_URL, and that this machine can reach that host.",
    SentryAddressRefused: "Check SENTRY_BASE_URL. If its host is in your own network, add it to "
    "TRIAGE_PRIVATE_HOSTS.",
    SentryTimeout: "Check the network between this machine and Sentry, and Sentry's own status.",
    SentryAuthRefused: "Make a new token in Sentry and set it as SENTRY_AUTH_TOKEN.",
    SentryNotFound: "Check SENTRY_ORG: it is the slug in Sentry's addresses, not the name.",
    SentryRateLimited: "Wait a moment. Another program may be using the same token.",
    SentryBadResponse: "Check SENTRY_BASE_URL: something other than Sentry's API answers there.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check-up. `fix` says what to change when it is not `ok`."""

    label: str
    ok: bool
    message: str
    fix: str = ""


def check_up(config: SentryConfig) -> tuple[Finding, ...]:
    """Ask Sentry a handful of cheap things and tell what works. Raises nothing.

    The first line that fails for good (no host, no token, no organization) is the last.
    """
    patient = replace(config, deadline_s=CALL_S)
    transport = Transport(patient, AlonePace(1))
    try:
        return tuple(_Checkup(patient, transport).findings())
    finally:
        transport.close()


class _Checkup:
    """The calls of one check-up and what they have told so far."""

    def __init__(self, config: SentryConfig, transport: Transport) -> None:
        self._config = config
        self._transport = transport
        self._organization = f"/organizations/{quote(config.organization, safe='')}"
        self._headers: Mapping[str, str] = {}
        self._project = ""

    def findings(self) -> Iterator[Finding]:
        reached = self._try("Host, token and organization", self._ask_organization, "org:read")
        yield reached
        if not reached.ok:
            return
        yield self._clock()
        yield self._try("Projects", self._ask_projects, "org:read")
        yield self._try("List of events", self._ask_table, "org:read")
        yield self._try("Problems", self._ask_issues, "event:read")
        if self._project:
            yield self._try("Details of an event", self._ask_event, "project:read")
        yield self._limits()

    def _try(self, label: str, ask: Callable[[], str], scope: str) -> Finding:
        try:
            return Finding(label, True, ask())
        except SentryPermissionMissing as error:
            fix = f"Give the token the scope {scope}."
            return Finding(label, False, _said(error), fix)
        except SentryError as error:
            known = next((_FIXES[kind] for kind in type(error).__mro__ if kind in _FIXES), "")
            return Finding(label, False, _said(error), known or "See Sentry's own status page.")

    def _get(self, path: str, *params: tuple[str, str]) -> Reply:
        reply = self._transport.get(path, params, Deadline(self._config.deadline_s))
        self._headers = reply.headers
        return reply

    def _ask_organization(self) -> str:
        self._get(f"{self._organization}/", ("detailed", "0"))
        return f"{self._config.base_url} answers for {self._config.organization}."

    def _ask_projects(self) -> str:
        reply = self._get(f"{self._organization}/projects/", ("per_page", "100"))
        found = [project for row in items(reply.body) if (project := parse_project(row))]
        slugs = {project.slug for project in found}
        if not slugs:
            raise SentryNotFound("The token sees no project.")
        unseen = sorted(set(self._config.projects) - slugs)
        if unseen and 'results="true"' not in reply.headers.get("link", "").split("next")[-1]:
            raise SentryNotFound(f"SENTRY_PROJECTS names {', '.join(unseen)}, which it cannot see.")
        self._project = found[0].slug
        return f"The token sees {len(slugs)}: {', '.join(sorted(slugs)[:20])}."

    def _ask_table(self) -> str:
        now = datetime.now(UTC)
        times = (now - timedelta(hours=1), now)
        start, end = (f"{moment:%Y-%m-%dT%H:%M:%S}" for moment in times)
        params = (("dataset", "errors"), ("field", "count()"), ("query", ""), ("project", "-1"))
        try:
            if self._config.flavor != Flavor.GLITCHTIP:
                self._get(f"{self._organization}/events/", *params, ("start", start), ("end", end))
                return "Events can be listed by customer."
        except SentryOneProjectOnly:
            return "Events can be listed by customer, in one project at a time."
        except SentryUnknownRoute:
            if self._config.flavor == Flavor.SENTRY:
                raise
        return self._ask_glitchtip()

    def _ask_glitchtip(self) -> str:
        """There is no events table: each project's own list is read instead."""
        path = f"/projects/{quote(self._config.organization, safe='')}/{self._project}/events/"
        if self._project and not isinstance(self._get(path, ("limit", "1")).body, list):
            raise SentryBadResponse("The project's list of events cannot be read.")
        return "This is a GlitchTip: each project's own list of events is read."

    def _ask_issues(self) -> str:
        with suppress(SentryOneProjectOnly):
            self._get(f"{self._organization}/issues/", ("query", ""), ("limit", "1"))
        return "Problem details can be read."

    def _ask_event(self) -> str:
        """An event that does not exist: 404 means that the token may ask."""
        path = f"/projects/{quote(self._config.organization, safe='')}/{self._project}/events"
        with suppress(SentryNotFound):
            self._get(f"{path}/{'0' * 32}/")
        return "Single events can be read."

    def _clock(self) -> Finding:
        label = "Clock"
        try:
            there = parsedate_to_datetime(self._headers.get("date", "")).timestamp()
        except ValueError:
            return Finding(label, True, "Sentry doesn't report its time.")
        skew = round(there - time.time())
        if abs(skew) <= MOST_SKEW_S:
            return Finding(label, True, "This machine and Sentry agree on the time.")
        message = f"Sentry's clock is {abs(skew)} s {'ahead' if skew > 0 else 'behind'}."
        return Finding(label, False, message, "Sync this machine's clock with a time server (NTP).")

    def _limits(self) -> Finding:
        limit = self._headers.get("x-sentry-rate-limit-limit")
        left = self._headers.get("x-sentry-rate-limit-remaining")
        if not limit:
            return Finding("Limits", True, "Sentry states no limit for this token.")
        return Finding("Limits", True, f"{left or '?'} of {limit} calls are left in this period.")


def _said(error: SentryError) -> str:
    return f"{error.message} {error.detail}".strip()
