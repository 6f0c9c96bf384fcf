"""Bodies are requested by ID, in parallel, from the list of the issue and else one by one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from apps.demo.world import World
from apps.events.answer import Answer, NoticeCode
from apps.sentry.config import SentryConfig
from tests.conftest import MOMENT, question
from tests.demo_sentry import DemoSentry, add_raw
from tests.sentry.test_plan import codes, look_up


def calls_by_kind(demo: DemoSentry) -> tuple[int, int, int]:
    """Return the calls for lists of an issue, events of a project, and events of an issue."""
    paths = [call.path.removeprefix("/api/0/") for call in demo.calls]
    of_issues = [path for path in paths if "/issues/" in path and "/events/" in path]
    lists = [path for path in of_issues if path.endswith("/events/")]
    of_projects = [path for path in paths if path.startswith("projects/")]
    return len(lists), len(of_projects), len(of_issues) - len(lists)


def partial_messages(answer: Answer) -> list[str]:
    return [one.message for one in answer.notices if one.code == NoticeCode.PARTIAL_BODIES]


def test_bodies_are_requested_by_id_and_nothing_else(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    """A search for the customer would make Sentry look up the user for each field."""
    world = demo_sentry.world
    expected = {world.add_event(user_id="1", timestamp=MOMENT).id for _ in range(3)}
    world.add_event(user_id="2", timestamp=MOMENT)
    answer = look_up(config, replace(question("1"), environments=("production",)))
    assert answer.bodies_read == 3
    (call,) = [
        one for one in demo_sentry.calls if one.path.endswith("/events/") and "full" in one.query
    ]
    (query,) = call.query["query"]
    assert set(query.removeprefix("id:[").removesuffix("]").split(",")) == expected
    assert set(call.query) == {"start", "end", "query", "full", "per_page"}


def test_bodies_of_the_fifty_nearest_are_read_ten_per_call(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    for place in range(70):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT + timedelta(seconds=place))
    answer = look_up(config, question("1"))
    assert answer.bodies_read == 50
    assert all(event.body for event in answer.events if event.timestamp < MOMENT + timedelta(0, 50))
    assert calls_by_kind(demo_sentry) == (5, 0, 0)


def test_calls_for_one_issue_do_not_wait_for_each_other(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    for place in range(50):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT + timedelta(seconds=place))
    demo_sentry.fail(r"/issues/\d+/events/", status=403)
    answer = look_up(config, question("1"))
    assert (answer.bodies_read, codes(answer)) == (40, [NoticeCode.PARTIAL_BODIES])


@dataclass(frozen=True)
class Way:
    """How the three endpoints answer, what is read then, and which calls that takes."""

    name: str
    answers: Mapping[str, tuple[int, str]]
    bodies: int
    calls: tuple[int, int, int]
    reason: str = ""


LIST, PROJECT, ISSUE = r"/issues/\d+/events/\?", "/projects/acme/web/", r"/issues/\d+/events/\w+/"
WAYS = (
    Way("the list has both", {}, 2, (1, 0, 0)),
    Way("empty list", {LIST: (200, "[]")}, 2, (1, 2, 0)),
    Way("refused search", {LIST: (400, "{}")}, 2, (1, 2, 0)),
    Way("no such issue", {LIST: (404, "{}")}, 2, (1, 2, 0)),
    Way("not a list", {LIST: (200, "{}")}, 2, (1, 2, 0)),
    Way("forbidden list", {LIST: (403, "{}")}, 0, (1, 0, 0), "isn't allowed"),
    Way("unknown to the project", {LIST: (200, "[]"), PROJECT: (404, "{}")}, 2, (1, 2, 2)),
    Way("route is gone", {LIST: (200, "[]"), PROJECT: (404, "<html>")}, 2, (1, 2, 2)),
    Way(
        "forbidden project",
        {LIST: (200, "[]"), PROJECT: (403, "{}")},
        0,
        (1, 2, 0),
        "isn't allowed",
    ),
    Way(
        "unknown anywhere",
        {LIST: (200, "[]"), PROJECT: (404, "{}"), ISSUE: (404, "{}")},
        0,
        (1, 2, 2),
        "nothing at this address",
    ),
)  # fmt: skip


def test_what_the_list_lacks_is_read_one_by_one(config: SentryConfig) -> None:
    """Each event costs at most one more call if its project doesn't know it."""
    for way in WAYS:
        with DemoSentry(World()) as demo:
            events = [demo.world.add_event(user_id="1", timestamp=MOMENT) for _ in range(2)]
            for path, (status, body) in way.answers.items():
                kind = "text/html" if "<" in body else "application/json"
                demo.fail(path, times=None, status=status, body=body, content_type=kind)
            answer = look_up(replace(config, base_url=demo.url), question("1"))
            read = (answer.bodies_read, calls_by_kind(demo))
            assert read == (way.bodies, way.calls), way.name
            messages = partial_messages(answer)
            assert len(messages) == bool(way.reason), way.name
            for message in messages:
                assert f"2 events in {events[0].issue.short_id}" in message, way.name
                assert way.reason in message, way.name


def test_event_without_a_project_is_read_from_its_issue(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    add_raw(
        demo_sentry.world,
        {"eventID": "ab" * 16, "message": "Broken"},
        row={"project": None, "project.name": None},
        user_id="1",
        timestamp=MOMENT,
    )
    demo_sentry.fail(LIST, status=200, body="[]")
    assert look_up(config, question("1")).bodies_read == 1
    assert calls_by_kind(demo_sentry) == (1, 0, 1)


def test_bodies_of_other_events_are_not_accepted(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    """Not even that of another of the customer's events."""
    world = demo_sentry.world
    mine = world.add_event(user_id="1", timestamp=MOMENT, issue="One")
    own_other = world.add_event(user_id="1", timestamp=MOMENT, issue="Two")
    others = world.add_event(user_id="2", timestamp=MOMENT, issue="One")
    list_of_mine = rf"/issues/{mine.issue.id}/events/\?"
    demo_sentry.fail(list_of_mine, times=None, status=200, body=[own_other.body, others.body])
    for body in (None, own_other.body, others.body):
        if body:
            demo_sentry.fail(f"{PROJECT}events/{mine.id}/", status=200, body=body)
        answer = look_up(config, question("1"))
        read = {event.id: event.body for event in answer.events}
        assert set(read) == {mine.id, own_other.id}
        assert (read[mine.id] is None, len(partial_messages(answer))) == (bool(body), bool(body))
        assert read[own_other.id] is not None


def test_reason_is_given_for_each_issue(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    forbidden, limited = (
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT, issue=name).issue
        for name in ("One", "Two")
    )
    wait = {"Retry-After": "99"}
    demo_sentry.fail(f"/{forbidden.id}/events/", times=None, status=403)
    demo_sentry.fail(f"/{limited.id}/events/", times=None, status=429, headers=wait)
    reasons = dict(one.rsplit(": ", 1) for one in partial_messages(look_up(config, question("1"))))
    assert reasons == {
        f"The details of one event in {forbidden.short_id} could not be read": (
            "The token isn't allowed to read this."
        ),
        f"The details of one event in {limited.short_id} could not be read": (
            "Sentry limits how often we can send requests."
        ),
    }


def test_events_whose_body_is_lost_are_named(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    """Sentry lists them without any content. Further calls would not find more."""
    world = demo_sentry.world
    lost = [
        world.add_event(user_id="1", timestamp=MOMENT, issue=name, is_lost=True)
        for name in ("One", "Two")
    ]
    whole = world.add_event(user_id="1", timestamp=MOMENT, issue="Three")
    answer = look_up(config, question("1"))
    assert {event.id for event in answer.events if event.body} == {whole.id}
    (message,) = partial_messages(answer)
    assert message.startswith("The details of 2 events in ")
    assert all(event.issue.short_id in message for event in lost)
    assert whole.issue.short_id not in message
    assert calls_by_kind(demo_sentry) == (3, 0, 0)
    by_id = look_up(config, question(lost[0].id, moment=MOMENT + timedelta(days=1)))
    assert [event.body for event in by_id.events] == [None]
    assert lost[0].issue.short_id in partial_messages(by_id)[0]
