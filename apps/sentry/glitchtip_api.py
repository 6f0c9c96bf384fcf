"""GlitchTip's way of the API, as observed on its 5.2 line: lists of full events, no events table.

Its event lists know no search and no window, so whoever reads them filters each row.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qs, quote

from apps.events.event import Event, Issue
from apps.sentry.client import ISSUES_PER_CALL, SentryClient, list_of, next_cursor, segment
from apps.sentry.config import Flavor
from apps.sentry.lenient import integer, mapping, moment
from apps.sentry.parsing import parse_full_event, parse_issue
from apps.sentry.transport import Params

PER_PAGE = 100
MOST_HITS = 1000

# One of the two lists of events names its fields in another way.
_CAMEL = {
    "event_id": "eventID",
    "group_id": "groupID",
    "project_id": "projectID",
    "date_created": "dateCreated",
    "date_received": "dateReceived",
}
_STANDARD = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a list and the cursor that leads on; `has_link` tells whether a way on was named.

    `hits` is how many rows the whole list has, None when that is not known: it stops at 1000.
    """

    rows: list[object]
    cursor: str | None
    has_link: bool
    hits: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A full event, and when the server got it, which is what its lists are ordered by."""

    event: Event
    at: datetime | None


class GlitchTip:
    """The endpoints of GlitchTip that answer a lookup. Each method raises a `SentryError`."""

    def __init__(self, client: SentryClient) -> None:
        self._client = client
        self._organization = segment(client.config.organization)

    def project_events(self, slug: str, cursor: str | None = None) -> Page:
        """Full events of a project, last received first; an unknown slug gives an empty page."""
        return self._page(f"/projects/{self._organization}/{segment(slug)}/events/", [], cursor)

    def issue_events(self, issue_id: str, cursor: str | None = None) -> Page:
        """Full events of an issue, last received first."""
        return self._page(f"/issues/{segment(issue_id)}/events/", [], cursor)

    def issues(
        self, query: str, project_ids: Sequence[str] = (), cursor: str | None = None
    ) -> Page:
        """Issues one of whose events carries the tag; `first_seen` is an order that stays."""
        params = [("query", query), ("sort", "-first_seen")]
        params += [("project", project_id) for project_id in project_ids]
        return self._page(f"{self._client.organization_path}/issues/", params, cursor)

    def issue_facts(self, issue_ids: Sequence[str]) -> list[Issue]:
        """Facts of up to 100 issues."""
        params = [("id", issue_id) for issue_id in issue_ids[:ISSUES_PER_CALL]]
        page = self._page(f"{self._client.organization_path}/issues/", [*params, ("query", "")])
        wanted = set(issue_ids)
        found = (self.issue_of(row) for row in page.rows)
        return [issue for issue in found if issue and issue.id in wanted]

    def issue_of(self, row: object) -> Issue | None:
        """An issue without the number of users, always 0 here, and with a link that leads to it."""
        issue = parse_issue(row)
        if issue is None:
            return None
        config = self._client.config
        link = f"{config.base_url.rstrip('/')}/{self._organization}/issues/{issue.id}"
        return replace(issue, users_affected=None, permalink=link)

    def _page(self, path: str, params: Params, cursor: str | None = None) -> Page:
        onward = [("cursor", cursor)] if cursor else []
        reply = self._client.get(path, [*params, ("limit", str(PER_PAGE)), *onward])
        link = reply.headers.get("link", "")
        if link.startswith("{"):
            self._client.flavor_is_sure = self._client.flavor == Flavor.GLITCHTIP
        hits = integer(reply.headers.get("x-hits"))
        known = hits if hits is not None and hits < MOST_HITS else None
        return Page(list_of(reply), next_cursor(link), 'rel="next"' in link, known)


def received_event(
    row: object, identity_fields: Sequence[str], slugs: Mapping[str, str], project: str | None
) -> Received | None:
    """A row of either list of events; None when it is unreadable.

    `slugs` names projects by id, `project` is the slug where the id is not among them.
    """
    raw = {_CAMEL.get(name, name): value for name, value in mapping(row).items()}
    event = parse_full_event(raw, identity_fields)
    if event is None:
        return None
    slug = slugs.get(str(integer(raw.get("projectID"))), project)
    return Received(replace(event, project=slug), moment(raw.get("dateReceived")))


def cursor_before(at: datetime) -> str:
    """A cursor to what was received strictly before that moment."""
    return base64.b64encode(f"p={quote(at.isoformat())}".encode()).decode()


def wider(cursor: str) -> str | None:
    """The cursor to the same place with a millisecond of the last page again.

    The server goes on strictly before the last row's time and would skip rows of that very time.
    None when the cursor's form is not known.
    """
    padded = cursor.translate(_STANDARD) + "=" * (-len(cursor) % 4)
    try:
        told = parse_qs(base64.b64decode(padded, validate=True).decode())
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    place = moment(told.get("p", [""])[0])
    return cursor_before(place + timedelta(milliseconds=1)) if place else None
