"""The nearest errors at other times are found for a complete empty answer, in few calls."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import responses

from apps.events.answer import Answer, NoticeCode, OtherOccurrences
from apps.events.query import Question
from apps.sentry.client import SentryClient
from apps.sentry.config import SentryConfig
from apps.sentry.fetch import fetch_answer
from tests.conftest import MOMENT, NOW, lists_asked, question
from tests.demo_sentry import DemoSentry
from tests.sentry.conftest import API

TABLE = f"{API}/organizations/acme/events/"
PROJECTS = f"{API}/organizations/acme/projects/"
MINUTE = timedelta(minutes=1)
LAST_PAGE = '<https://x/>; rel="next"; results="false"; cursor="0:25:0"'
MORE = '<https://x/>; rel="next"; results="true"; cursor="0:25:0"'


def look_up(config: SentryConfig, lookup: Question) -> Answer:
    client = SentryClient(config)
    try:
        return fetch_answer(client, lookup, projects=client.projects(), now=NOW)
    finally:
        client.close()


def occurrences_of(config: SentryConfig, lookup: Question) -> OtherOccurrences:
    answer = look_up(config, lookup)
    assert answer.complete
    assert answer.events == ()
    assert answer.nearby
    return answer.nearby


def plant(demo: DemoSentry, *minutes: float, user: str = "1", **fields: str) -> dict[str, float]:
    """Add errors at these minutes from the reported time, and return the minutes by event ID."""
    return {
        demo.world.add_event(
            user_id=user,
            timestamp=MOMENT + minute * MINUTE,
            **fields,  # type: ignore[arg-type]
        ).id: minute
        for minute in minutes
    }


def minutes_of(nearby: OtherOccurrences, planted: dict[str, float]) -> tuple[float | None, ...]:
    """Return the minutes of before, after, and last."""
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
def test_nearest_and_newest_errors_take_one_extra_call(
    demo_sentry: DemoSentry,
    config: SentryConfig,
    minutes: list[float],
    expected: tuple[float | None, ...],
) -> None:
    planted = plant(demo_sentry, *minutes)
    plant(demo_sentry, -6, 6, 800, user="2")
    nearby = occurrences_of(config, question("1"))
    assert minutes_of(nearby, planted) == expected
    assert (nearby.problem, nearby.is_never) == (None, not minutes)
    assert lists_asked(demo_sentry) == 2


def test_more_than_a_page_of_later_errors_takes_two_more_calls(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    planted = plant(demo_sentry, -30, -20, *range(9, 90))
    answer = look_up(config, question("1"))
    assert answer.nearby
    assert minutes_of(answer.nearby, planted) == (-20, 9, 89)
    assert lists_asked(demo_sentry) == 4
    assert answer.calls == len(demo_sentry.calls)


def test_occurrences_have_permalinks_and_matched_fields(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    plant(demo_sentry, -30)
    before = occurrences_of(config, question("1")).before
    assert before
    assert before.matched_on == ("user.id",)
    assert before.permalink
    assert before.permalink.endswith(f"/events/{before.id}/")


def test_search_covers_sentrys_retention(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    plant(demo_sentry, -30 * 1440, user="1")
    demo_sentry.world.add_project("web")
    nearby = occurrences_of(replace(config, retention_days=14), question("1"))
    assert nearby.is_never
    assert (nearby.since, nearby.until) == (NOW - timedelta(days=14), NOW)


def test_only_the_lookups_scope_is_searched(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    plant(demo_sentry, -30, project="web", environment="staging")
    api = plant(demo_sentry, -40, project="api", environment="production")
    lookup = replace(question("1"), projects=("api",), environments=("production",))
    assert minutes_of(occurrences_of(config, lookup), api) == (-40, None, -40)


@pytest.mark.parametrize("customer", ["CORP\\", 'a\\"b', "x\\*"])
def test_inexact_search_is_judged_row_by_row(
    demo_sentry: DemoSentry, config: SentryConfig, customer: str
) -> None:
    plant(demo_sentry, -10, 12, user=customer.replace("\\", "\\zz"))
    planted = plant(demo_sentry, -20, user=customer)
    assert minutes_of(occurrences_of(config, question(customer)), planted) == (-20, None, -20)


@pytest.mark.parametrize(("typed", "other"), [("user-5", "user-51"), ("u-5", "u-51")])
def test_similar_ids_narrow_the_search(
    demo_sentry: DemoSentry, config: SentryConfig, typed: str, other: str
) -> None:
    """For a short one, that leaves only what was typed."""
    plant(demo_sentry, *range(-40, -10), user=other)
    planted = plant(demo_sentry, -50, user=typed)
    nearby = occurrences_of(config, question(typed))
    assert minutes_of(nearby, planted) == (-50, None, -50)
    assert ("different capitals" in (nearby.problem or "")) == (typed == "u-5")


def test_first_page_of_other_customers_is_not_complete(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    plant(demo_sentry, *range(-40, -10), user="CORP\\zz")
    plant(demo_sentry, -50, user="CORP\\")
    nearby = occurrences_of(config, question("CORP\\"))
    assert nearby.problem
    assert nearby.events == ()
    assert not nearby.is_never


@pytest.mark.parametrize("fault", [{"status": 400}, {"status": 429}, {"status": 503}])
def test_failed_search_at_other_times_leaves_the_answer_complete(
    demo_sentry: DemoSentry, config: SentryConfig, fault: dict[str, int]
) -> None:
    plant(demo_sentry, -30)
    demo_sentry.fail(
        r"/acme/events/.*per_page=25", times=None, headers={"Retry-After": "60"}, **fault
    )
    nearby = occurrences_of(config, question("1"))
    assert nearby.problem
    assert nearby.problem.startswith(
        "We couldn't check whether this customer had errors at other times:"
    )
    assert not nearby.is_never


def test_failure_on_one_side_keeps_the_other_side(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    planted = plant(demo_sentry, -20, *range(9, 60))
    demo_sentry.fail(r"/acme/events/.*sort=timestamp", times=None, status=400)
    nearby = occurrences_of(config, question("1"))
    assert minutes_of(nearby, planted) == (-20, None, 59)
    assert nearby.problem


def test_other_times_are_searched_only_for_a_complete_empty_answer(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    plant(demo_sentry, 0, -30)
    lookups = [
        question("1"),
        question("2", moment=NOW - 3 * MINUTE),
        question("2", moment=NOW - timedelta(days=90)),
        replace(question("2"), projects=("web", "gone")),
    ]
    assert [look_up(config, one).nearby for one in lookups] == [None] * 4
    assert lists_asked(demo_sentry) == 4


@pytest.mark.parametrize("kind", ["events", "traces"])
def test_other_times_are_not_searched_for_event_and_trace_links(
    demo_sentry: DemoSentry, config: SentryConfig, kind: str
) -> None:
    plant(demo_sentry, -30)
    place = "issues/1/events" if kind == "events" else "performance/trace"
    answer = look_up(config, question(f"https://acme.sentry.io/{place}/{'ab' * 16}/"))
    assert (answer.events, answer.nearby) == ((), None)


def test_single_project_servers_report_why_other_times_were_not_searched(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    plant(demo_sentry, -30, project="web")
    plant(demo_sentry, -30, project="api")
    nearby = occurrences_of(replace(config, one_project=True), question("9"))
    assert nearby.problem
    assert "only one project at a time" in nearby.problem
    one_of_them = replace(question("1"), projects=("api",))
    assert occurrences_of(replace(config, one_project=True), one_of_them).before


def test_glitchtip_is_not_searched_at_other_times(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    demo_sentry.settings.change({"flavor": "glitchtip"})
    plant(demo_sentry, -30)
    nearby = occurrences_of(config, question("9"))
    assert nearby.problem
    assert "can't be searched" in nearby.problem


def row(at: datetime, **fields: object) -> dict[str, object]:
    made = {"id": f"{int(at.timestamp()):032x}", "timestamp": at.isoformat(), "user.id": "1"}
    return {**made, "issue.id": 7, "project.name": "web", **fields}


@pytest.fixture
def answer_with(
    wire: responses.RequestsMock, client: SentryClient
) -> Callable[[list[object], str], Answer]:
    """Return a function for the answer of a Sentry with these rows outside the window only."""

    def serve(rows: list[object], link: str) -> Answer:
        wire.get(PROJECTS, json=[{"id": "1", "slug": "web"}])
        wire.get(re.compile(f"{TABLE}.*per_page=100.*"), json={"data": []})
        wire.get(re.compile(f"{TABLE}.*per_page=25.*"), json={"data": rows}, headers={"Link": link})
        wire.get(re.compile(".*"), status=404, json={"detail": "no"})
        return fetch_answer(client, question("1"), projects=client.projects(), now=NOW)

    return serve


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
def test_untrustworthy_rows_are_ignored(
    answer_with: Callable[[list[object], str], Answer], rows: list[object]
) -> None:
    answer = answer_with(rows, LAST_PAGE)
    assert answer.complete
    assert answer.nearby
    assert answer.nearby.problem
    assert answer.nearby.events == ()


def test_undecidable_row_hides_only_the_rows_after_it(
    answer_with: Callable[[list[object], str], Answer],
) -> None:
    rows: list[object] = [row(LATER), row(EARLIER), None, row(EARLIER - MINUTE)]
    nearby = answer_with(rows, LAST_PAGE).nearby
    assert nearby
    assert nearby.before
    assert nearby.after
    assert (nearby.before.timestamp, nearby.after.timestamp) == (EARLIER, LATER)
    assert nearby.problem is None


def test_empty_page_with_a_next_link_is_not_complete(
    answer_with: Callable[[list[object], str], Answer],
) -> None:
    nearby = answer_with([], MORE).nearby
    assert nearby
    assert nearby.problem
    assert not nearby.is_never


def test_new_error_in_the_window_makes_the_answer_incomplete(
    answer_with: Callable[[list[object], str], Answer],
) -> None:
    answer = answer_with([row(LATER), row(MOMENT), row(EARLIER)], LAST_PAGE)
    assert not answer.complete
    assert [notice.code for notice in answer.notices] == [NoticeCode.INCOMPLETE_LIST]
    assert answer.nearby is None
