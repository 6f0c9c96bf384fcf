"""A demo Sentry for every test, and shortcuts for requests."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from apps.demo.world import World
from tests.demo_sentry import DemoSentry

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TOKEN = "demo-token"


@dataclass
class Api:
    """A client of the demo's API."""

    demo: DemoSentry
    session: requests.Session

    def get(self, path: str, token: str | None = TOKEN, **params: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        address = f"{self.demo.url}/api/0/{path}"
        return self.session.get(address, params=params, headers=headers, timeout=5)

    def table(self, query: str = "", **params: Any) -> requests.Response:
        """Return the events table for the hour around noon."""
        defaults = {
            "field": ["id", "timestamp", "user.id"],
            "dataset": "errors",
            "start": "2026-11-23T11:30:00",
            "end": "2026-11-23T12:30:00",
            "query": query,
        }
        return self.get("organizations/acme/events/", **(defaults | params))

    def found(self, query: str, **params: Any) -> set[str]:
        """Return the IDs that the events table finds."""
        answer = self.table(query, **params)
        assert answer.status_code == 200, answer.text
        return {row["id"] for row in answer.json()["data"]}

    def issue_events(self, issue: int, query: str = "", **params: Any) -> requests.Response:
        return self.get(f"organizations/acme/issues/{issue}/events/", query=query, **params)


@pytest.fixture
def world() -> World:
    """One project and no events: without a project, Sentry does not parse the query."""
    empty = World()
    empty.add_project("web")
    return empty


@pytest.fixture
def demo(world: World) -> Iterator[DemoSentry]:
    with DemoSentry(world) as running:
        running.settings.now = (NOON + timedelta(hours=1)).isoformat()
        yield running


@pytest.fixture
def api(demo: DemoSentry) -> Iterator[Api]:
    with requests.Session() as session:
        yield Api(demo, session)
