"""When nothing was found: where the customer's nearest errors are, in few calls, and surely so."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import responses

from apps.demo.server import DemoSentry
from apps.events.answer import Answer, Nearby, NoticeCode
from apps.events.query import Question
from apps.sentry import SentryClient, SentryConfig, fetch_answer
from tests.conftest import MOMENT, NOW, lists_asked, question
from tests.sentry.conftest import API

TABLE = f"{API}/organizations/acme/events/"
PROJECTS = f"{API}/organizations/acme/projects/"
MINUTE = timedelta(minutes=1)
LAST_PAGE = '<https://x/>; rel="next"; results="false"; cursor="0:25:0"'
MORE = '<https://x/>; rel="next"; results="true"; cursor="0:25:0"'


def ask(config: SentryConfig, asked: Question) -> Answer:
    client = SentryClient(config)
    try:
        return fetch_answer(client, asked, projects=client.projects(), now=NOW)
    finally:
        client.close()


def nearby_of(config: SentryConfig, asked: Question) -> Nearby:
    answer = ask(config, asked)
    assert answer.complete
    assert answer.events == ()
    assert answer.nearby
    return answer.nearby


def plant(demo: DemoSentry, *minutes: float, user: str = "1", **fields: str) -> dict[str, float]:
    """Errors so many minutes from the moment; returns the minutes by the id of the event."""
    return {
        demo.world.add_event(
            user_id=user,
            timestamp=MOMENT + minute * MINUTE,
            **fields,  # type: ignore[arg-type]
        ).id: minute
        for minute in minutes
    }


def told(nearby: Nearby, planted: dict[str, float]) -> tuple[float | None, ...]:
    """Before, after and last as the minutes that were planted."""
    found = (nearby.before, nearby.after, nearby.last)
    return tuple(planted[event.id] if event else None for event in found)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ([-19], (-19, None, -19)),
        ([-300, -19, -20], (-19, None, -19)),
        ([9], (None, 9, 9)),
        ([-19, 9], (-19, 9, 9)),
        ([-300, -19, 9, 10, 700], (-19, 9, 700)),
        ([], (None, None, None)),
        ([-5 - 1 / 60, 5 + 1 / 60], (-5 - 1 / 60, 5 + 1 / 60, 5 + 1 / 60)),
    ],
)
def test_the_nearest_on_both_sides_and_the_newest_come_in_one_more_call(
    demo_sentry: DemoSentry,
    config: SentryConfig,
    minutes: list[float],
    expected: tuple[float | None, ...],
) -> None:
    planted = plant(demo_sentry, *minutes)
    plant(demo_sentry, -6, 6, 800, user="2")
    nearby = nearby_of(config, question("1"))
    assert told(nearby, planted) == expected
    assert (nearby.problem, nearby.is_never) == (None, not minutes)
    assert lists_asked(demo_sentry) == 2


def test_more_later_errors_than_a_page_holds_take_two_calls_more(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    planted = plant(demo_sentry, -30, -20, *range(9, 90))
    answer = ask(config, question("1"))
    assert answer.nearby
    assert told(answer.nearby, planted) == (-20, 9, 89)
    assert lists_asked(demo_sentry) == 4
    assert answer.calls == len(demo_sentry.calls)


def test_the_errors_come_with_a_link_and_the_fields_that_matched(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    plant(demo_sentry, -30)
    before = nearby_of(config, question("1")).before
    assert before
    assert before.matched_on == ("user.id",)
    assert before.permalink
    assert before.permalink.endswith(f"/events/{before.id}/")


def test_how_far_was_looked_is_what_sentry_keeps(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    plant(demo_sentry, -30 * 1440, user="1")
    demo_sentry.world.add_project("web")
    nearby = nearby_of(replace(config, retention_days=14), question("1"))
    assert nearby.is_never
    assert (nearby.since, nearby.until) == (NOW - timedelta(days=14), NOW)


def test_only_the_place_that_was_asked_is_looked_through(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    plant(demo_sentry, -30, project="web", environment="staging")
    api = plant(demo_sentry, -40, project="api", environment="production")
    asked = replace(question("1"), projects=("api",), environments=("production",))
    assert told(nearby_of(config, asked), api) == (-40, None, -40)


@pytest.mark.parametrize("customer", ["CORP\\", 'a\\"b', "x\\*"])
def test_what_cannot_be_searched_exactly_is_judged_row_by_row(
    demo_sentry: DemoSentry, config: SentryConfig, customer: str
) -> None:
    plant(demo_sentry, -10, 12, user=customer.replace("\\", "\\zz"))
    planted = plant(demo_sentry, -20, user=customer)
    assert told(nearby_of(config, question(customer)), planted) == (-20, None, -20)


def test_a_first_page_full_of_others_is_no_proof_of_never(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    plant(demo_sentry, *range(-40, -10), user="CORP\\zz")
    plant(demo_sentry, -50, user="CORP\\")
    nearby = nearby_of(config, question("CORP\\"))
    assert nearby.problem
    assert nearby.events == ()
    assert not nearby.is_never


@pytest.mark.parametrize("fault", [{"status": 400}, {"status": 429}, {"status": 503}])
def test_a_look_around_that_fails_costs_the_answer_nothing(
    demo_sentry: DemoSentry, config: SentryConfig, fault: dict[str, int]
) -> None:
    plant(demo_sentry, -30)
    demo_sentry.fail(
        r"/acme/events/.*per_page=25", times=None, headers={"Retry-After": "60"}, **fault
    )
    nearby = nearby_of(config, question("1"))
    assert nearby.problem
    assert nearby.problem.startswith(
        "We couldn't check whether this customer had errors at other times:"
    )
    assert not nearby.is_never


def test_when_one_side_fails_the_other_is_told_all_the_same(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    planted = plant(demo_sentry, -20, *range(9, 60))
    demo_sentry.fail(r"/acme/events/.*sort=timestamp", times=None, status=400)
    nearby = nearby_of(config, question("1"))
    assert told(nearby, planted) == (-20, None, 59)
    assert nearby.problem


def test_it_is_not_asked_where_there_are_events_or_the_answer_is_not_complete(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    plant(demo_sentry, 0, -30)
    asked = [
        question("1"),
        question("2", moment=NOW - 3 * MINUTE),
        question("2", moment=NOW - timedelta(days=90)),
        replace(question("2"), projects=("web", "gone")),
    ]
    assert [ask(config, one).nearby for one in asked] == [None] * 4
    assert lists_asked(demo_sentry) == 4


@pytest.mark.parametrize("kind", ["events", "traces"])
def test_a_link_to_an_event_or_a_trace_names_no_customer(
    demo_sentry: DemoSentry, config: SentryConfig, kind: str
) -> None:
    plant(demo_sentry, -30)
    place = "issues/1/events" if kind == "events" else "performance/trace"
    answer = ask(config, question(f"https://acme.sentry.io/{place}/{'ab' * 16}/"))
    assert (answer.events, answer.nearby) == ((), None)


def test_where_only_one_project_can_be_searched_it_is_said_that_it_was_not_looked(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    plant(demo_sentry, -30, project="web")
    plant(demo_sentry, -30, project="api")
    nearby = nearby_of(replace(config, one_project=True), question("9"))
    assert nearby.problem
    assert "only one project at a time" in nearby.problem
    one_of_them = replace(question("1"), projects=("api",))
    assert nearby_of(replace(config, one_project=True), one_of_them).before


def test_glitchtip_is_not_looked_through(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    demo_sentry.settings.change({"flavor": "glitchtip"})
    plant(demo_sentry, -30)
    nearby = nearby_of(config, question("9"))
    assert nearby.problem
    assert "cannot be searched" in nearby.problem


def row(at: datetime, **fields: object) -> dict[str, object]:
    made = {"id": f"{int(at.timestamp()):032x}", "timestamp": at.isoformat(), "user.id": "1"}
    return {**made, "issue.id": 7, "project.name": "web", **fields}


@pytest.fixture
def around(
    wire: responses.RequestsMock, client: SentryClient
) -> Callable[[list[object], str], Answer]:
    """The answer of a Sentry that has nothing in the window, and these rows at any time."""

    def answered(rows: list[object], link: str) -> Answer:
        wire.get(PROJECTS, json=[{"id": "1", "slug": "web"}])
        wire.get(re.compile(f"{TABLE}.*per_page=100.*"), json={"data": []})
        wire.get(re.compile(f"{TABLE}.*per_page=25.*"), json={"data": rows}, headers={"Link": link})
        wire.get(re.compile(".*"), status=404, json={"detail": "no"})
        return fetch_answer(client, question("1"), projects=client.projects(), now=NOW)

    return answered


LATER, EARLIER = MOMENT + 20 * MINUTE, MOMENT - 20 * MINUTE


@pytest.mark.parametrize(
    "rows",
    [
        [row(EARLIER), row(LATER)],
        [row(NOW + 60 * MINUTE), row(EARLIER)],
        [row(LATER), row(NOW - timedelta(days=400))],
        ["no row"],
        [row(LATER, id="no id"), row(EARLIER)],
        [row(LATER, **{"user.id": None}), row(EARLIER)],
    ],
    ids=["out of order", "from the future", "too old", "no row", "unreadable", "nobody's"],
)
def test_rows_that_cannot_be_believed_tell_nothing(
    around: Callable[[list[object], str], Answer], rows: list[object]
) -> None:
    answer = around(rows, LAST_PAGE)
    assert answer.complete
    assert answer.nearby
    assert answer.nearby.problem
    assert answer.nearby.events == ()


def test_a_row_that_cannot_be_judged_hides_only_what_lies_behind_it(
    around: Callable[[list[object], str], Answer],
) -> None:
    rows: list[object] = [row(LATER), row(EARLIER), None, row(EARLIER - MINUTE)]
    nearby = around(rows, LAST_PAGE).nearby
    assert nearby
    assert nearby.before
    assert nearby.after
    assert (nearby.before.timestamp, nearby.after.timestamp) == (EARLIER, LATER)
    assert nearby.problem is None


def test_an_empty_page_that_says_it_goes_on_is_no_proof_of_never(
    around: Callable[[list[object], str], Answer],
) -> None:
    nearby = around([], MORE).nearby
    assert nearby
    assert nearby.problem
    assert not nearby.is_never


def test_an_error_inside_the_window_after_all_ends_the_certainty(
    around: Callable[[list[object], str], Answer],
) -> None:
    answer = around([row(LATER), row(MOMENT), row(EARLIER)], LAST_PAGE)
    assert not answer.complete
    assert [notice.code for notice in answer.notices] == [NoticeCode.INCOMPLETE_LIST]
    assert answer.nearby is None
