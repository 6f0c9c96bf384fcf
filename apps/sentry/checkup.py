"""Check the connection to Sentry with a few cheap calls, and say what to change."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial

from apps.events.query import DEFAULT_FIELDS, Customer, Question, Window
from apps.sentry import errors
from apps.sentry.client import Scope, SentryClient, path_segment
from apps.sentry.config import Deadline, Flavor, SentryConfig
from apps.sentry.datasets import KINDS, NONE_IN_GLITCHTIP, Kind
from apps.sentry.http import ApiResponse, retirement
from apps.sentry.parsing import items, mapping, parse_project
from apps.sentry.search import search_for

MAX_SKEW_S = 30
REQUEST_TIMEOUT_S = 10.0


class _WrongFlavor(errors.SentryError):
    """The server is of another kind than configured."""


_FIXES: dict[type[errors.SentryError], str] = {
    errors.SentryUnreachable: "Check SENTRY_BASE_URL, and that this machine can reach that host.",
    errors.SentryAddressRefused: (
        "Check SENTRY_BASE_URL. If its host is in your own network, add it to TRIAGE_PRIVATE_HOSTS."
    ),
    errors.SentryTimeout: (
        "Check the network between this machine and Sentry, and Sentry's own status."
    ),
    errors.SentryAuthRefused: "Create a new token in Sentry and set it as SENTRY_AUTH_TOKEN.",
    errors.SentryNotFound: "Check SENTRY_ORG: it is the slug in Sentry's addresses, not the name.",
    errors.SentryRetired: (
        "Try again in ten minutes: at first, Sentry turns an old address off for just a few "
        "minutes. If it stays off, update Triage."
    ),
    errors.SentryRateLimited: "Wait a moment. Another program may be using the same token.",
    errors.SentryBadResponse: (
        "Check SENTRY_BASE_URL: something other than Sentry's API answers there."
    ),
    _WrongFlavor: "Set SENTRY_FLAVOR to auto.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check. If it is not `ok`, `fix` says what to change."""

    label: str
    ok: bool
    message: str
    fix: str = ""


def run_checks(config: SentryConfig, fields: Sequence[str] = DEFAULT_FIELDS) -> tuple[Finding, ...]:
    """Return what works and what doesn't. Raise nothing. `fields` are those of the customer.

    If host, token, or organization fail, return only that.
    """
    with closing(SentryClient(config)) as client:
        return tuple(_ConnectionCheck(client, fields).findings())


class _ConnectionCheck:
    def __init__(self, client: SentryClient, fields: Sequence[str]) -> None:
        self._client = client
        self._config = client.config
        self._fields = fields
        self._organization = client.organization_path
        now = datetime.now(UTC)
        self._last_hour = Scope(now - timedelta(hours=1), now).params()
        self._headers: Mapping[str, str] = {}
        self._project_events = ""
        self._retirements: dict[str, str] = {}
        self._is_glitchtip = False

    def findings(self) -> Iterator[Finding]:
        reached = self._run("Host, token, and organization", self._check_organization, "org:read")
        yield reached
        if not reached.ok:
            return
        yield self._run("Projects", self._check_projects, "org:read", "project:read")
        yield self._clock()
        if self._project_events or not self._is_glitchtip:
            yield self._run("List of events", self._check_events_table, "org:read", "event:read")
        if not self._is_glitchtip:
            yield from self._search()
        yield from self._activity()
        yield self._run("Problems", self._check_issues, "event:read", "event:read")
        if self._project_events:
            yield self._run("Details of an event", self._check_event, "project:read", "event:read")
        yield self._limits()
        for path, announcement in self._retirements.items():
            message = f"Sentry plans to turn off {path}. {announcement}"
            yield Finding("Announced changes", True, message)

    def _run(
        self, label: str, check: Callable[[], str], scope: str, glitchtip_scope: str = ""
    ) -> Finding:
        try:
            return Finding(label, True, check())
        except errors.SentryPermissionMissing as error:
            fix = f"Give the token the scope {glitchtip_scope if self._is_glitchtip else scope}."
            return Finding(label, False, _error_text(error), fix)
        except errors.SentryError as error:
            fixes = (_FIXES[kind] for kind in type(error).__mro__ if kind in _FIXES)
            fix = next(fixes, "See Sentry's own status page.")
            return Finding(label, False, _error_text(error), fix)

    def _get(self, path: str, *params: tuple[str, str]) -> ApiResponse:
        try:
            response = self._client.get(path, params, Deadline(REQUEST_TIMEOUT_S))
        except errors.SentryPermissionMissing as error:
            if error.detail.endswith("Permission denied"):  # in Sentry, it is a whole sentence
                self._is_glitchtip = True
            raise
        self._headers = response.headers
        announcement = retirement(response.headers)
        if announcement:
            self._retirements[path] = announcement
        self._is_glitchtip = self._is_glitchtip or response.is_from_glitchtip
        return response

    def _check_organization(self) -> str:
        try:
            self._get(f"{self._organization}/", ("detailed", "0"))
        except errors.SentryPermissionMissing:
            if not self._is_glitchtip:
                raise
            return f"{self._config.base_url} accepts the token."
        return f"{self._config.base_url} has the organization {self._config.organization}."

    def _check_projects(self) -> str:
        response = self._get(f"{self._organization}/projects/", ("per_page", "100"))
        found = [project for row in items(response.body) if (project := parse_project(row))]
        slugs = {project.slug for project in found}
        if not slugs:
            raise errors.SentryNotFound("The token can't see any projects.")
        invisible = sorted(set(self._config.projects) - slugs)
        if invisible and 'results="true"' not in response.headers.get("link", "").split("next")[-1]:
            raise errors.SentryNotFound(
                f"SENTRY_PROJECTS has projects that the token can't see: {', '.join(invisible)}."
            )
        organization, slug = path_segment(self._config.organization), path_segment(found[0].slug)
        self._project_events = f"/projects/{organization}/{slug}/events/"
        count = f"{len(slugs)} project{'s' if len(slugs) > 1 else ''}"
        return f"The token can see {count}: {', '.join(sorted(slugs)[:20])}."

    def _check_events_table(self) -> str:
        params = (("dataset", "errors"), ("field", "count()"), ("query", ""), *self._last_hour)
        found = "Events can be listed by customer."
        try:
            self._get(f"{self._organization}/events/", *params)
        except errors.SentryOneProjectOnly:
            found = "Events can be listed by customer, in one project at a time."
        except errors.SentryUnknownRoute:
            if self._config.flavor != Flavor.SENTRY:
                return self._check_glitchtip()
            if not self._is_glitchtip:
                raise
            raise _WrongFlavor("This is GlitchTip, but SENTRY_FLAVOR says sentry.") from None
        if self._config.flavor == Flavor.GLITCHTIP:
            raise _WrongFlavor("This is Sentry, but SENTRY_FLAVOR says glitchtip.")
        return found

    # https://github.com/getsentry/sentry (organization_events_validate.py, not documented)
    def _search(self) -> Iterator[Finding]:
        """Have Sentry check the search of a lookup without running it, where it can."""
        now = datetime.now(UTC)
        customer = Customer("triage-check")
        question = Question(customer, Window(now, 60), fields=tuple(self._fields))
        scope = Scope(question.window.start, question.window.end)
        params = [
            *(("dataset", "errors"), ("query", search_for(question).text)),
            *(("field", name) for name in self._fields),
            *scope.params(),
        ]
        try:
            checked = mapping(self._get(f"{self._organization}/events/validate/", *params).body)
        except errors.SentryRejectedQuery as error:
            problems = error.detail.removeprefix("400").strip()
            if problems and not isinstance(error, errors.SentryRetired):
                yield _search_finding(problems.split("; "))
            return
        except errors.SentryError:
            return
        if checked.get("valid") is True and not checked.get("dataset"):
            yield Finding("Search", True, "Sentry accepts the search for a customer.")

    def _activity(self) -> Iterator[Finding]:
        """Say which of logs and spans the server has for us; having none is not a failure."""
        for signal in self._config.signals:
            kind = KINDS.get(signal)
            if kind and self._is_glitchtip:
                yield Finding(kind.label, True, NONE_IN_GLITCHTIP)
            elif kind:
                check = partial(self._check_activity, kind)
                yield self._run(kind.label, check, "org:read", "org:read")

    def _check_activity(self, kind: Kind) -> str:
        params = (
            *(("query", ""), ("field", "id"), ("field", "timestamp"), ("per_page", "1")),
            *self._last_hour,
        )
        reason = ""
        for dataset in kind.datasets:
            try:
                self._get(f"{self._organization}/events/", ("dataset", dataset), *params)
            except errors.SentryOneProjectOnly:
                pass
            except (
                errors.SentryNotFound,
                errors.SentryPermissionMissing,
                errors.SentryRejectedQuery,
            ) as error:
                reason = _error_text(error)
                continue
            return f"{kind.label} can be read (dataset “{dataset}”)."
        return f"This server has none that Triage can read. {reason}"

    def _check_glitchtip(self) -> str:
        """Check a project's own list, which replaces the events table."""
        path = self._project_events
        if path and not isinstance(self._get(path, ("limit", "1")).body, list):
            raise errors.SentryBadResponse("The project's list of events can't be read.")
        return "This is GlitchTip: Triage reads each project's own list of events."

    def _check_issues(self) -> str:
        with suppress(errors.SentryOneProjectOnly):
            self._get(f"{self._organization}/issues/", ("query", ""), ("limit", "1"))
        return "Problem details can be read."

    def _check_event(self) -> str:
        """Request an event that doesn't exist: a 404 shows that the token has access."""
        with suppress(errors.SentryNotFound):
            self._get(f"{self._project_events}{'0' * 32}/")
        return "Single events can be read."

    def _clock(self) -> Finding:
        label = "Clock"
        try:
            server_time = parsedate_to_datetime(self._headers.get("date", "")).timestamp()
        except ValueError:
            return Finding(label, True, "The server doesn't report its time.")
        skew = round(server_time - time.time())
        if abs(skew) <= MAX_SKEW_S:
            return Finding(label, True, "This machine and the server agree on the time.")
        message = f"The server's clock is {abs(skew)} seconds {'ahead' if skew > 0 else 'behind'}."
        return Finding(label, False, message, "Sync this machine's clock with a time server (NTP).")

    def _limits(self) -> Finding:
        limit = self._headers.get("x-sentry-rate-limit-limit")
        left = self._headers.get("x-sentry-rate-limit-remaining")
        if not limit:
            return Finding("Limits", True, "The server reports no limit for this token.")
        return Finding("Limits", True, f"{left or '?'} of {limit} calls are left in this period.")


def _search_finding(problems: Sequence[str]) -> Finding:
    """Return the finding for these problems. A field is unknown to Sentry until an event has it."""
    unknown = [one.partition(":")[0] for one in problems if one.endswith(": Unknown attribute")]
    if len(unknown) == len(problems):
        names = ", ".join(dict.fromkeys(unknown))
        return Finding("Search", True, f"Sentry has no recent events with {names}.")
    message = f"Sentry doesn't accept the search for a customer: {'; '.join(problems)}"
    return Finding("Search", False, message, "Check TRIAGE_CUSTOMER_FIELDS, and update Triage.")


def _error_text(error: errors.SentryError) -> str:
    return f"{error.message} {error.detail}".strip()
