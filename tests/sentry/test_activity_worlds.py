"""In any world, a customer's logs and spans are exact: none foreign, none missing, none twice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from apps.demo.world import World
from apps.events.answer import Answer, Signal
from apps.events.query import DEFAULT_FIELDS, Question, Window, as_hex_id
from apps.sentry.client import SentryClient
from apps.sentry.config import Flavor, SentryConfig
from apps.sentry.fetch import fetch_answer
from tests.conftest import MOMENT, NOW
from tests.demo_sentry import DemoSentry
from tests.examples import examples
from tests.sentry.worlds import (
    ACCOUNT,
    ENVIRONMENTS,
    PROJECTS,
    customer_of,
    customers,
    names_like,
    times_around,
)

TRACES = tuple(f"{number}f" * 16 for number in range(4))
FIELDS = (*DEFAULT_FIELDS, ACCOUNT)
ACTIVITY = (Signal.LOGS, Signal.SPANS)


@dataclass(frozen=True)
class Item:
    """A log, a span, or an error, as it was put into the world."""

    kind: str
    timestamp: datetime
    project: str
    environment: str | None
    names: dict[str, str | None]
    trace: str | None

    def is_in_reach(self, question: Question) -> bool:
        """Return whether it is in the window and where the lookup searches."""
        whole = self.timestamp.replace(microsecond=0)
        return (
            question.window.start <= whole <= question.window.end
            and (not question.projects or self.project in question.projects)
            and (not question.environments or self.environment in question.environments)
        )

    def names_customer(self, question: Question) -> bool:
        """Return whether a searched field has the customer."""
        wanted = question.customer.identifier.casefold()
        return any((self.names.get(one) or "").casefold() == wanted for one in question.fields)

    def identities(self, question: Question) -> set[tuple[str, str]]:
        """Return what tells whose it is; a tag that is no field of the lookup doesn't."""
        known = {*question.fields, *DEFAULT_FIELDS}
        return {(name, value.casefold()) for name, value in self.names.items() if value} & {
            (name, value.casefold())
            for name, value in self.names.items()
            if value and name in known
        }

    def plant(self, world: World, place: int) -> str:
        """Put it into the world, and return its ID."""
        names, account = self.names, self.names.get(ACCOUNT)
        tags = {"account_id": account} if account else {}
        if self.kind == "errors":
            return world.add_event(
                timestamp=self.timestamp,
                project=self.project,
                environment=self.environment,
                user_id=names["user.id"],
                email=names["user.email"],
                username=names["user.username"],
                tags=tags,
                trace_id=self.trace,
            ).id
        columns = {
            "message": f"{place}",
            "trace": self.trace,
            "environment": self.environment,
            "user.email": names["user.email"],
            "user.name" if place % 2 else "user.username": names["user.username"],
            "precise.start_ts" if self.kind == "spans" else "timestamp_precise": None,
            "user.id": names["user.id"],
        }
        return world.add_item(self.kind, self.timestamp, self.project, columns, tags).id


@dataclass(frozen=True)
class Scene:
    """A lookup, the items of the world, and the server's page size."""

    question: Question
    items: tuple[Item, ...]
    page_cap: int | None

    def expected(self) -> set[int]:
        """Return the places of the logs and spans that are the customer's."""
        question = self.question
        near = [item for item in self.items if item.is_in_reach(question)]
        own = [item for item in near if item.names_customer(question)]
        errors = [
            item
            for item in near
            if item.kind == "errors"
            and (item in own or item.trace == question.customer.hex_id)
            and (item in own or item.trace)
        ]
        traces = {item.trace for item in (*own, *errors)} | {question.customer.hex_id}
        known: dict[str, set[str]] = {}
        for name, value in (pair for item in errors for pair in item.identities(question)):
            known.setdefault(name, set()).add(value)
        return {
            place
            for place, item in enumerate(self.items)
            if item in near
            and item.kind != "errors"
            and (
                item.names_customer(question)
                or (item.trace and item.trace in traces and _is_anyone(item, question, known))
            )
        }


def _is_anyone(item: Item, question: Question, known: dict[str, set[str]]) -> bool:
    """Return whether an item of the customer's trace names nobody else."""
    judged = [value in known[name] for name, value in item.identities(question) if name in known]
    return not item.identities(question) or (bool(judged) and all(judged))


@st.composite
def scenes(draw: st.DrawFn, *, kinds: Sequence[str]) -> Scene:
    """Return any customer, window, scope, and page size, over any small world."""
    customer = draw(customers())
    minutes = draw(st.sampled_from((1, 5, 60)))
    item = st.builds(
        Item,
        kind=st.sampled_from(kinds),
        timestamp=times_around(minutes),
        project=st.sampled_from(PROJECTS),
        environment=st.sampled_from((*ENVIRONMENTS, None)),
        names=st.one_of(names_like(customer), st.just(dict.fromkeys(FIELDS))),
        trace=st.sampled_from((None, *TRACES, as_hex_id(customer))),
    )
    return Scene(
        question=Question(
            customer=customer_of(customer),
            window=Window(MOMENT, minutes),
            projects=draw(st.sampled_from(((), (), ("web",), ("web", "api")))),
            environments=draw(st.sampled_from(((), (), ("production",)))),
            fields=draw(st.sampled_from((DEFAULT_FIELDS, FIELDS))),
        ),
        items=tuple(draw(st.lists(item, min_size=draw(st.sampled_from((0, 8))), max_size=25))),
        page_cap=draw(st.sampled_from((None, None, 1, 2, 7))),
    )


@pytest.fixture(scope="module")
def sentry() -> Iterator[DemoSentry]:
    """Run one server for all examples; each empties its world."""
    with DemoSentry(World()) as demo:
        yield demo


def look_up_in(scene: Scene, demo: DemoSentry) -> tuple[Answer, dict[str, int]]:
    """Return the answer, and the place of each planted item by its ID."""
    demo.world.clear()
    for slug in PROJECTS:
        demo.world.add_project(slug)
    places = {item.plant(demo.world, place): place for place, item in enumerate(scene.items)}
    config = SentryConfig(demo.url, "acme", "demo-token", flavor=Flavor.SENTRY)
    client = SentryClient(replace(config, signals=ACTIVITY, signals_wait_s=9.0))
    demo.settings.change({"row_page_cap": scene.page_cap})
    try:
        answer = fetch_answer(client, scene.question, projects=client.projects(), now=NOW)
        return answer, places
    finally:
        client.close()
        demo.settings.change({"row_page_cap": None})
        demo.clear()


SETTINGS = settings(
    deadline=None, max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow]
)


@given(scene=scenes(kinds=("logs", "spans")))
@SETTINGS
def test_without_errors_logs_and_spans_are_exact(sentry: DemoSentry, scene: Scene) -> None:
    """All of the customer's are there, for any size of pages."""
    answer, places = look_up_in(scene, sentry)
    beside = answer.beside
    found = [places[row.id] for row in beside.activity]
    expected = scene.expected()
    event(f"any: {bool(expected)}, complete: {len(beside.surely)}")
    assert sorted(found) == sorted(expected)
    assert beside.surely == beside.asked
    named = {place for place in found if scene.items[place].names_customer(scene.question)}
    assert named == {places[row.id] for row in beside.activity if row.names_customer}


@given(scene=scenes(kinds=("logs", "spans", "errors", "errors")))
@SETTINGS
def test_with_errors_three_calls_show_nothing_foreign(sentry: DemoSentry, scene: Scene) -> None:
    """Whatever is complete is exact, and what names the customer is there if it fits on a page."""
    answer, places = look_up_in(scene, sentry)
    beside = answer.beside
    found = [places[row.id] for row in beside.activity]
    expected = scene.expected()
    event(f"errors: {bool(answer.events)}, any: {bool(expected)}, complete: {len(beside.surely)}")
    assert len(found) == len(set(found))
    assert set(found) <= expected
    assert not answer.events or beside.calls <= 3
    for place in expected - set(found):
        item = scene.items[place]
        assert item.kind not in beside.surely
        assert not item.names_customer(scene.question) or scene.page_cap
