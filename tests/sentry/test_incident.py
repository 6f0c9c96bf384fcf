"""Many customers at once: each gets exactly their own events, or is said to be unsure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from math import ceil
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from apps.demo.world import World
from apps.events.answer import Notice
from apps.events.identifier import parse_customer
from apps.events.incident import (
    Failure,
    Finding,
    FindingState,
    IncidentCustomer,
    Rest,
    shared_failures,
)
from apps.events.query import DEFAULT_FIELDS, EXACTLY, Question, Window, as_hex_id
from apps.sentry.client import SentryClient
from apps.sentry.config import SentryConfig
from apps.sentry.errors import SentryPermissionMissing, SentryRateLimited, SentryServerError
from apps.sentry.fetch import fetch_answer
from apps.sentry.incident import IncidentSource, fetch_batch, fetch_rest, plan_batches
from apps.sentry.parsing import Project
from tests.demo_sentry import DemoSentry, add_raw
from tests.examples import examples
from tests.sentry import incidents
from tests.sentry.conftest import API
from tests.sentry.incidents import MOMENT, NOW
from tests.sentry.worlds import ACCOUNT, customer_of, names_like
from tests.sentry.worlds import customers as awkward_customers

ANSWERED, CAPPED, UNANSWERABLE = FindingState
USUAL: dict[str, Any] = {
    "row_page_cap": None,
    "newer_dataset": False,
    "multi_project": True,
    "longest_address": 8192,
}


@pytest.fixture(scope="module")
def server() -> Iterator[DemoSentry]:
    """Run one server for all tests; each empties its world."""
    with DemoSentry(World()) as demo:
        yield demo


@pytest.fixture
def sentry(server: DemoSentry) -> Iterator[DemoSentry]:
    """Return the server with an empty world of two projects, and its usual settings."""
    empty(server)
    yield server
    server.settings.change(USUAL)
    server.clear()


def empty(demo: DemoSentry, **changed: object) -> World:
    demo.clear()
    demo.world.clear()
    demo.settings.change(USUAL | changed)
    for slug in ("web", "api"):
        demo.world.add_project(slug)
    return demo.world


@dataclass(frozen=True)
class Found:
    """What was found, with the number of calls for lists and for everything."""

    findings: tuple[Finding, ...]
    rest: Rest
    failures: tuple[Failure, ...]
    notices: tuple[Notice, ...]
    lists: int
    calls: int

    def counts(self) -> list[int]:
        return [len(finding.events) for finding in self.findings]

    def unsure(self) -> dict[int, FindingState]:
        return {one.line: one.state for one in self.findings if one.state != ANSWERED}


def people(*texts: str) -> list[IncidentCustomer]:
    return [
        IncidentCustomer(line, parse_customer(text if as_hex_id(text) else f"{EXACTLY}{text}"))
        for line, text in enumerate(texts, start=1)
    ]


def ask(
    demo: DemoSentry,
    customers: Sequence[IncidentCustomer],
    question: Question = incidents.QUESTION,
) -> Found:
    """Ask as a worker does: batch by batch, each with a client of its own, then the rest."""
    config = SentryConfig(demo.url, organization="acme", token="demo-token", deadline_s=120)
    findings: list[Finding] = []
    notices: list[Notice] = []
    client = SentryClient(config)
    visible = client.projects()
    demo.calls.clear()
    for batch in plan_batches(customers, question.fields):
        one = SentryClient(config)
        try:
            answer = fetch_batch(IncidentSource(one, question, visible, NOW), batch)
        finally:
            one.close()
        findings += answer.findings
        notices += answer.notices
    lists = len(demo.calls)
    rest = fetch_rest(IncidentSource(client, question, visible, NOW), customers, findings)
    client.close()
    failures = shared_failures(findings, rest.issues, rest.bodies, rest.baseline)
    return Found(tuple(findings), rest, failures, tuple(notices), lists, len(demo.calls))


@pytest.mark.parametrize("seed", [1, 2])
def test_who_had_what_is_exact_and_noise_is_named(sentry: DemoSentry, seed: int) -> None:
    """In a generated world, every pair is found, and decoys are told from failures."""
    made = incidents.build(sentry.world, seed, 100, others=150)
    found = ask(sentry, made.customers)
    keys = made.issue_ids()
    pairs = {(one.line, keys[own.issue_id or ""]) for one in found.findings for own in one.events}
    assert pairs == made.truth
    assert set(found.unsure()) == made.noisy
    assert {line for line, seen in found.rest.was_seen.items() if seen is False} == made.never_seen
    names = {tuple(keys[own] for own in one.problem.issue_ids): one for one in found.failures}
    for number in range(incidents.PLANTED):
        key = f"Failure {number}"
        halves = (key, f"{key} - browser") if number % 2 else (key,)
        failure = names.pop(halves)
        assert not failure.problem.is_noise, key
        assert set(failure.lines) == {line for line, one in made.truth if one in halves}, key
        assert set(failure.releases) == {one.release for one in failure.problem.events}, key
        assert len(failure.representatives) == len(failure.releases), key
    assert {key for (key,), one in names.items() if one.problem.is_noise} == set(made.decoys)
    assert len(names) == len(made.decoys)
    assert [one.problem.is_noise for one in found.failures] == sorted(
        one.problem.is_noise for one in found.failures
    )


@given(data=st.data())
@settings(deadline=None, max_examples=examples(60), suppress_health_check=list(HealthCheck))
def test_nothing_is_foreign_missing_or_twice(server: DemoSentry, data: st.DataObject) -> None:
    """Whatever customers are called, and however long the server's pages are."""
    texts = data.draw(st.lists(awkward_customers(), min_size=1, max_size=6))
    customers = [IncidentCustomer(at, customer_of(one)) for at, one in enumerate(texts, start=1)]
    fields = data.draw(st.sampled_from((DEFAULT_FIELDS, (*DEFAULT_FIELDS, ACCOUNT))))
    world = empty(
        server,
        row_page_cap=data.draw(st.sampled_from((None, 1, 2, 7))),
        newer_dataset=data.draw(st.booleans()),
        multi_project=data.draw(st.booleans()),
    )
    truth: dict[int, set[str]] = {one.line: set() for one in customers}
    for text in data.draw(st.lists(st.sampled_from(texts), max_size=15)):
        names = data.draw(names_like(text))
        account = names[ACCOUNT]
        trace = data.draw(st.sampled_from((None, as_hex_id(text))))
        added = world.add_event(
            timestamp=MOMENT + timedelta(minutes=data.draw(st.sampled_from((0, 0, -30, 30, 31)))),
            project=data.draw(st.sampled_from(("web", "api"))),
            user_id=names["user.id"],
            email=names["user.email"],
            username=names["user.username"],
            tags={"account_id": account} if account else {},
            trace_id=trace,
        )
        if added.timestamp > MOMENT + timedelta(minutes=30):
            continue
        for one in customers:
            wanted = one.customer.identifier.casefold()
            is_named = any((names[name] or "").casefold() == wanted for name in fields)
            if is_named or (trace and trace == one.customer.hex_id):
                truth[one.line].add(added.id)
    found = ask(server, customers, replace(incidents.QUESTION, fields=fields))
    event(f"unsure: {bool(found.unsure())}, events: {sum(found.counts()) > 0}")
    for finding in found.findings:
        ids = [one.id for one in finding.events]
        assert set(ids) == truth[finding.line]
        assert len(ids) == len(set(ids))
    assert not found.unsure()


def test_calls_follow_the_formula(sentry: DemoSentry) -> None:
    """Batches of 100, pages of 100 rows and groups, and one call for each issue's bodies."""
    for size, issues in ((1, 1), (150, 3), (250, 2)):
        world = empty(sentry)
        for number in range(size):
            for second in range(3):
                world.add_event(
                    timestamp=MOMENT + timedelta(seconds=second),
                    user_id=str(number),
                    issue=f"Issue {number % issues}",
                )
        for number in range(140):
            at = MOMENT - timedelta(minutes=45)
            world.add_event(timestamp=at, user_id=f"x{number}", issue="Before")
        found = ask(sentry, people(*map(str, range(size)), "nobody"))
        batches = ceil((size + 1) / 100)
        full, last = divmod(size, 100)
        assert found.lists == 3 * full + max(1, ceil(3 * last / 100)), size
        assert batches <= found.lists
        assert found.calls - found.lists == 2 + 1 + issues + 1, size
        assert found.rest.baseline.customers in (140, 139, 99, 100), size


def test_issues_whose_details_are_not_read_are_counted(sentry: DemoSentry) -> None:
    for number in range(35):
        sentry.world.add_event(timestamp=MOMENT, user_id="1", issue=f"Issue {number}")
    found = ask(sentry, people("1"))
    assert len(found.failures) == 35
    assert len(found.rest.bodies) == 32
    assert "details of 3 issues" in found.rest.notices[0].message


def test_one_event_can_be_of_two_customers(sentry: DemoSentry) -> None:
    sentry.world.add_event(timestamp=MOMENT, user_id="7", email="Bo@x.example")
    found = ask(sentry, people("7", "bo@x.example", "8", "7"))
    assert found.counts() == [1, 1, 0, 1]
    assert found.failures[0].lines == (1, 2, 4)
    assert len(found.failures[0].problem.events) == 1


def test_many_events_of_one_customer_hide_nothing(sentry: DemoSentry) -> None:
    """Neither another customer's events nor the same one's other problems."""
    for number in range(450):
        at = MOMENT + timedelta(seconds=number)
        sentry.world.add_event(timestamp=at, user_id="loud", issue="Noise")
    for number, name in enumerate(("LOUD", "quiet")):
        at = MOMENT - timedelta(seconds=500 + number)
        sentry.world.add_event(timestamp=at, user_id=name, issue="Real")
    found = ask(sentry, people("loud", "quiet"))
    assert found.counts() == [101, 1]
    assert found.unsure() == {1: CAPPED}
    assert found.lists == 3
    expected = "Only the newest 100 events and those of other problems are listed."
    assert found.findings[0].why == expected
    assert {len(one.lines) for one in found.failures} == {1, 2}


def test_similar_identifiers_of_many_others_hide_nothing(sentry: DemoSentry) -> None:
    for number in range(900):
        sentry.world.add_event(timestamp=MOMENT, username=f"pe{number}ter")
    early = MOMENT - timedelta(seconds=5)
    sentry.world.add_event(timestamp=early, username="Peter")
    sentry.world.add_event(timestamp=early, user_id="11")
    found = ask(sentry, people("peter", "11", "12"))
    assert found.counts() == [1, 1, 0]
    assert set(found.unsure()) <= {1}
    assert found.lists <= 7


def test_search_that_is_too_long_is_split(sentry: DemoSentry) -> None:
    names = [f"person{number}@example.com" for number in range(60)]
    for name in names:
        sentry.world.add_event(timestamp=MOMENT, email=name.upper())
    sentry.settings.change({"longest_address": 3000})
    found = ask(sentry, people(*names))
    assert found.counts() == [1] * 60
    assert not found.unsure()


def test_only_the_customer_that_sentry_refuses_is_unanswerable(sentry: DemoSentry) -> None:
    names = [f"{number}-user" for number in range(20)]
    for name in names:
        sentry.world.add_event(timestamp=MOMENT, user_id=name)
    sentry.fail(r"%22(?:7-|%2A7|7%2A)", times=None, status=400, body='{"detail": "Parse error"}')
    found = ask(sentry, people(*names))
    assert found.unsure() == {8: UNANSWERABLE}
    assert found.findings[7].why == "Sentry didn't accept this search."
    assert sum(found.counts()) == 19


def test_server_that_refuses_everything_is_not_asked_for_everyone(sentry: DemoSentry) -> None:
    sentry.fail("/acme/events/", times=None, status=400, body='{"detail": "Parse error"}')
    found = ask(sentry, people(*map(str, range(64))))
    assert set(found.unsure().values()) == {UNANSWERABLE}
    assert len(found.unsure()) == 64
    assert found.lists <= 20


def test_unreadable_row_makes_only_its_customer_unsure(sentry: DemoSentry) -> None:
    names = [f"{number}-user" for number in range(10)]
    for name in names:
        sentry.world.add_event(timestamp=MOMENT, user_id=name)
    add_raw(
        sentry.world, {}, row={"id": "?"}, event_id="a" * 32, timestamp=MOMENT, user_id=names[3]
    )
    found = ask(sentry, people(*names))
    assert found.unsure() == {4: CAPPED}
    assert found.findings[3].why == "1 row of Sentry's list could not be read."


@pytest.mark.parametrize(
    ("status", "expected"), [(503, SentryServerError), (429, SentryRateLimited)]
)
def test_failing_sentry_answers_for_no_one(
    sentry: DemoSentry, status: int, expected: type[Exception]
) -> None:
    """The batch is to be tried again; nobody is said to have no errors."""
    headers = {"Retry-After": "60"}
    sentry.fail("/acme/events/", times=None, status=status, headers=headers, body="{}")
    with pytest.raises(expected):
        ask(sentry, people("1", "2", "3", "4"))
    assert len(sentry.calls) <= 18


def test_window_that_sentry_no_longer_keeps_is_unanswerable(sentry: DemoSentry) -> None:
    old = Question(incidents.NOBODY, Window(NOW - timedelta(days=200), 5))
    found = ask(sentry, people("1", "2"), old)
    assert set(found.unsure().values()) == {UNANSWERABLE}
    assert found.rest.baseline.notices
    assert found.notices


def test_failure_that_began_before_the_window_is_not_noise(sentry: DemoSentry) -> None:
    """The customers of the list are not counted among the others."""
    before = MOMENT - timedelta(minutes=45)
    for number in range(60):
        for at in (MOMENT, before):
            sentry.world.add_event(timestamp=at, user_id=str(100 + number), issue="Long")
    for number in range(80):
        sentry.world.add_event(timestamp=before, user_id=str(900 + number), issue="Other")
    found = ask(sentry, people(*(str(100 + number) for number in range(60))))
    assert [(one.baseline, one.problem.is_noise) for one in found.failures] == [(0.0, False)]
    assert found.rest.baseline.customers == 80


def test_baseline_leaves_out_whom_the_last_page_cuts_off(sentry: DemoSentry) -> None:
    """Everyone has both issues; someone who is cut off would seem to have one."""
    before = MOMENT - timedelta(minutes=45)
    sentry.world.add_event(timestamp=MOMENT, user_id="a", issue="One")
    for number in range(1100):
        for issue in ("One", "Two", "Three"):
            sentry.world.add_event(timestamp=before, user_id=f"{number:05}", issue=issue)
    baseline = ask(sentry, people("a")).rest.baseline
    assert 100 < baseline.customers < 140
    assert set(baseline.failures.values()) == {baseline.customers}


def test_baseline_is_read_from_servers_with_other_habits(sentry: DemoSentry) -> None:
    """Rows may have short IDs only, and one project may be searched at a time."""
    for changed in ({}, {"newer_dataset": True}, {"multi_project": False}):
        world = empty(sentry, **changed)
        for number in range(40):
            for project, at in (("web", MOMENT), ("api", MOMENT - timedelta(minutes=45))):
                world.add_event(timestamp=at, user_id=f"{project}{number}", project=project)
            before = MOMENT - timedelta(minutes=45)
            world.add_event(timestamp=before, user_id=f"api{number}", project="web", issue="Loud")
        world.add_event(timestamp=MOMENT, user_id="web1", project="web", issue="Loud")
        found = ask(sentry, people("web1", "web2"))
        loud = next(one for one in found.failures if one.lines == (1,))
        assert (found.rest.baseline.customers, loud.baseline) == (40, 1.0), changed


def test_project_with_too_many_customers_leaves_no_baseline(sentry: DemoSentry) -> None:
    """Customers whose other projects weren't read would seem to have fewer problems."""
    world = empty(sentry, multi_project=False)
    world.add_event(timestamp=MOMENT, user_id="1", project="web")
    for number in range(1100):
        before = MOMENT - timedelta(minutes=45)
        world.add_event(timestamp=before, user_id=f"x{number}", project="web")
    rest = ask(sentry, people("1")).rest
    assert rest.baseline.customers == 0
    assert "Too many customers" in rest.baseline.notices[0].message


def test_server_that_cannot_sort_groups_is_asked_for_all(sentry: DemoSentry) -> None:
    before = MOMENT - timedelta(minutes=45)
    for name in ("1", "2", "3"):
        sentry.world.add_event(timestamp=before, user_id=name)
    sentry.world.add_event(timestamp=before)
    sentry.fail("sort=user.id", times=None, status=400, body="{}")
    found = ask(sentry, people("1"))
    baseline = found.rest.baseline
    assert baseline.customers == 2
    assert "only 2 other customers had errors" in baseline.notices[0].message


def test_list_in_another_order_is_read_again_without_the_noisy(
    wire: responses.RequestsMock, client: SentryClient
) -> None:
    """The times of its rows don't say what has been read."""
    rows = [
        {
            "id": f"{number:032x}",
            "timestamp": f"{MOMENT:%Y-%m-%dT%H:%M:}{number % 7:02}",
            "user.id": "1",
        }
        for number in range(100)
    ]
    late = {"id": "f" * 32, "timestamp": f"{MOMENT:%Y-%m-%dT%H:%M:30}", "user.id": "2"}
    link = '<x>; rel="next"; results="true"; cursor="0:100:0"'
    url = f"{API}/organizations/acme/events/"
    wire.get(url, json={"data": rows}, headers={"Link": link})
    wire.get(url, json={"data": [late]})
    visible = [Project("1", "web")]
    source = IncidentSource(client, incidents.QUESTION, visible, NOW)
    found = fetch_batch(source, people("1", "2"))
    assert [len(one.events) for one in found.findings] == [100, 1]
    ends = [parse_qs(urlsplit(str(call.request.url)).query)["end"] for call in wire.calls]
    assert ends[1] == ends[0]


def test_list_that_repeats_a_page_is_not_read_again_and_again(
    wire: responses.RequestsMock, client: SentryClient
) -> None:
    row = {"id": "f" * 32, "timestamp": f"{MOMENT:%Y-%m-%dT%H:%M:%S}", "user.id": "1"}
    link = '<x>; rel="next"; results="true"; cursor="0:100:0"'
    url = f"{API}/organizations/acme/events/"
    wire.get(url, json={"data": [row]}, headers={"Link": link})
    visible = [Project("1", "web")]
    source = IncidentSource(client, incidents.QUESTION, visible, NOW)
    found = fetch_batch(source, people("1", "2"))
    assert [one.state for one in found.findings] == [CAPPED, UNANSWERABLE]
    assert found.findings[0].why == "Sentry repeats the same page of its list."
    assert len(wire.calls) == 6, "two pages for both, and for each"


def test_parts_that_cannot_be_read_have_a_notice(sentry: DemoSentry) -> None:
    sentry.world.add_event(timestamp=MOMENT, user_id="1")
    customers = people("1", "2")
    sentry.fail(r"/events/.*count%28%29", times=None, status=403, body="{}")
    sentry.fail(r"/issues/", times=None, status=403, body="{}")
    found = ask(sentry, customers)
    assert found.counts() == [1, 0]
    assert found.rest.was_seen == {1: True, 2: None}
    assert (found.rest.baseline.customers, found.failures[0].baseline) == (0, None)
    assert len(found.rest.baseline.notices) == 1
    assert len(found.rest.notices) == 3 - bool(found.rest.bodies)


def test_project_that_the_token_cannot_read_is_skipped(sentry: DemoSentry) -> None:
    """The others are read, and nobody is said to have never been seen."""
    for multi_project in (True, False):
        world = empty(sentry, multi_project=multi_project)
        for project, at in (("web", 0), ("api", 0), ("web", -45)):
            for number in range(3):
                when = MOMENT + timedelta(minutes=at)
                name = f"{project}{number}{'x' if at else ''}"
                world.add_event(timestamp=when, user_id=name, project=project)
        refused = next(one.id for one in world.projects if one.slug == "api")
        sentry.fail(rf"project={refused}\b", times=None, status=403, body="{}")
        question = replace(incidents.QUESTION, projects=("web", "api"))
        found = ask(sentry, people("web0", "web1", "api0", "nobody"), question)
        assert found.counts() == [1, 1, 0, 0], multi_project
        assert "The project api was not searched" in found.notices[0].message, multi_project
        assert found.rest.was_seen == {1: True, 2: True, 3: None, 4: None}, multi_project
        assert found.rest.baseline.customers == 3, multi_project
        client = SentryClient(SentryConfig(sentry.url, "acme", "demo-token"))
        source = IncidentSource(client, question, client.projects(), NOW)
        rest = fetch_rest(source, people("web0"), found.findings, known=Rest())
        assert len(rest.issues) == 1, multi_project
        sentry.fail(r"project=", times=None, status=403, body="{}")
        with pytest.raises(SentryPermissionMissing):
            ask(sentry, people("web0"), question)


def test_customer_of_another_environment_was_seen(sentry: DemoSentry) -> None:
    sentry.world.add_event(timestamp=MOMENT, user_id="1", environment="staging")
    sentry.world.add_event(timestamp=MOMENT, user_id="2", environment="production")
    question = replace(incidents.QUESTION, environments=("production",))
    found = ask(sentry, people("1", "2", "3"), question)
    assert found.counts() == [0, 1, 0]
    assert found.rest.was_seen == {1: True, 2: True, 3: False}


def test_search_of_a_part_of_the_data_proves_nothing(sentry: DemoSentry) -> None:
    """Servers with very many events search only some of them, and say so."""
    body = {"data": [], "meta": {"dataScanned": "partial"}}
    sentry.fail("/acme/events/", times=None, body=body)
    found = ask(sentry, people("1"))
    assert "only a part of its events" in found.notices[0].message
    assert found.rest.was_seen == {1: None}
    assert "only a part of its events" in found.rest.baseline.notices[0].message
    single = fetch_answer(
        SentryClient(SentryConfig(sentry.url, "acme", "demo-token")),
        replace(incidents.QUESTION, customer=people("1")[0].customer),
        projects=[Project("1", "web")],
        now=NOW,
    )
    assert not single.complete
    assert "only a part of its events" in single.notices[0].message


def test_glitchtip_is_asked_customer_by_customer() -> None:
    with DemoSentry(World(), flavor="glitchtip") as demo:
        demo.world.add_project("web")
        for number in range(8):
            demo.world.add_event(timestamp=MOMENT, user_id=str(number), issue=f"I {number % 2}")
        found = ask(demo, people(*map(str, range(9))))
    assert found.counts() == [*[1] * 8, 0]
    assert not found.unsure()
    assert [len(one.lines) for one in found.failures] == [4, 4]
    assert all(one.representatives for one in found.failures)
    assert found.rest.was_seen[9] is None
