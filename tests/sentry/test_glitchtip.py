"""Lookups in GlitchTip over HTTP are exact without an events table, or add a notice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from apps.events.answer import NoticeCode
from apps.events.query import EXACTLY
from apps.sentry.client import SentryClient
from apps.sentry.config import SentryConfig
from apps.sentry.errors import SentryServerError
from apps.sentry.fetch import fetch_event
from apps.sentry.search import has_case
from tests.conftest import MOMENT, question
from tests.demo_sentry import DemoSentry
from tests.sentry.glitchtips import crowd, ids, look_up
from tests.sentry.test_plan import AWKWARD, codes

FIVE = timedelta(minutes=5)
SECOND = timedelta(seconds=1)


@pytest.fixture
def demo(glitchtip: DemoSentry) -> DemoSentry:
    return glitchtip


@pytest.fixture
def config(glitchtip_config: SentryConfig) -> SentryConfig:
    return glitchtip_config


@pytest.fixture(params=["quiet", "busy"])
def busy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Read whole projects, or only the customer's issues."""
    if request.param == "busy":
        monkeypatch.setattr("apps.sentry.glitchtip.SCAN_PAGES", -1)
        monkeypatch.setattr("apps.sentry.glitchtip.FULL_PAGES", -1)
    return bool(request.param == "busy")


def test_exactly_the_events_of_an_awkward_customer_are_found(
    demo: DemoSentry, config: SentryConfig, busy: bool
) -> None:
    expected = {
        identifier: {
            demo.world.add_event(user_id=identifier, timestamp=MOMENT, issue="One").id,
            demo.world.add_event(username=identifier, timestamp=MOMENT, issue="Two").id,
        }
        for identifier in (*AWKWARD, '"quoted"', 'acct:42 "quoted"', "'", "a'b", "#1")
    }
    demo.world.add_event(timestamp=MOMENT)
    crowd(demo, 70)
    for identifier, events in expected.items():
        answer = look_up(config, question(f"{EXACTLY}{identifier}"))
        assert ids(answer) == events, identifier
        is_read_in_full = not busy or identifier.endswith('"')
        assert answer.complete is (is_read_in_full or not has_case(identifier)), answer.notices
        assert all(event.body for event in answer.events), identifier
        assert {issue.title for issue in answer.issues} == {"Error: Something went wrong"}


def test_label_limits_the_lookup_to_its_field(
    demo: DemoSentry, config: SentryConfig, busy: bool
) -> None:
    demo.world.add_event(user_id="77", timestamp=MOMENT)
    named = demo.world.add_event(username="77", timestamp=MOMENT)
    crowd(demo, 120)
    assert ids(look_up(config, question("username:77"))) == {named.id}


def test_window_includes_its_edges(demo: DemoSentry, config: SentryConfig, busy: bool) -> None:
    for offset in (-FIVE - SECOND, -FIVE, FIVE, FIVE + SECOND):
        demo.world.add_event(user_id="1", timestamp=MOMENT + offset)
    crowd(demo, 110)
    times = [event.timestamp - MOMENT for event in look_up(config, question("1")).events]
    assert times == [FIVE, -FIVE]


def test_events_received_at_the_same_time_are_not_lost_between_pages(
    demo: DemoSentry, config: SentryConfig, busy: bool
) -> None:
    """Add ninety at each of four times, which puts every page's edge into a tie."""
    expected = {
        demo.world.add_event(user_id="1", timestamp=MOMENT - timedelta(seconds=place // 90)).id
        for place in range(360)
    }
    answer = look_up(config, question("1"))
    assert ids(answer) == expected
    assert (answer.complete, answer.events_total) == (True, 360)


def test_more_events_at_the_same_time_than_fit_a_page_are_incomplete(
    demo: DemoSentry, config: SentryConfig, busy: bool
) -> None:
    for _ in range(150):
        demo.world.add_event(user_id="1", timestamp=MOMENT)
    demo.world.add_event(user_id="1", timestamp=MOMENT - SECOND)
    answer = look_up(config, question("1"))
    assert len(answer.events) < 151
    assert NoticeCode.FLAVOR_LIMITS in codes(answer)
    assert not answer.complete


def test_several_projects_are_read(demo: DemoSentry, config: SentryConfig, busy: bool) -> None:
    for project in ("web", "api", "app"):
        demo.world.add_event(user_id="1", timestamp=MOMENT, project=project)
    crowd(demo, 130, project="api")
    answer = look_up(config, question("1"))
    assert {event.project for event in answer.events} == {"web", "api", "app"}
    assert answer.complete
    narrowed = look_up(config, replace(question("1"), projects=("api",)))
    assert {event.project for event in narrowed.events} == {"api"}


def test_late_event_is_found(demo: DemoSentry, config: SentryConfig, busy: bool) -> None:
    late = demo.world.add_event(
        user_id="1", timestamp=MOMENT, received=MOMENT + timedelta(hours=30)
    )
    answer = look_up(config, question("1"))
    assert (ids(answer), answer.complete) == ({late.id}, True)


def test_fast_clock_extends_the_reading(demo: DemoSentry, config: SentryConfig) -> None:
    two_hours = timedelta(hours=2)
    sign = MOMENT + timedelta(hours=3)
    demo.world.add_event(user_id="2", timestamp=sign, received=sign - two_hours)
    ahead = demo.world.add_event(user_id="1", timestamp=MOMENT, received=MOMENT - two_hours)
    for place in range(110):
        demo.world.add_event(user_id="2", timestamp=MOMENT - timedelta(minutes=30, seconds=place))
    assert ids(look_up(config, question("1"))) == {ahead.id}


def test_email_matches_in_any_case_in_a_projects_list(
    demo: DemoSentry, config: SentryConfig
) -> None:
    demo.world.add_event(email="Jane@Example.com", timestamp=MOMENT)
    answer = look_up(config, question("jane@example.com"))
    assert (answer.matched_on, answer.complete) == (("user.email",), True)


def test_tags_environments_and_traces_are_matched_by_the_client(
    demo: DemoSentry, config: SentryConfig
) -> None:
    trace = "ab" * 16
    demo.world.add_event(
        tags={"account_id": "A-7"}, timestamp=MOMENT, environment="staging", trace_id=trace
    )
    demo.world.add_event(tags={"account_id": "A-70"}, timestamp=MOMENT)
    by_tag = replace(question("A-7"), fields=("user.id", "tags[account_id]"))
    assert look_up(config, by_tag).matched_on == ("tags[account_id]",)
    assert look_up(config, question(trace)).matched_on == ("trace",)
    assert len(look_up(config, replace(by_tag, environments=("staging",))).events) == 1


def test_more_events_than_the_limit_are_counted(demo: DemoSentry, config: SentryConfig) -> None:
    for place in range(120):
        demo.world.add_event(user_id="1", timestamp=MOMENT - timedelta(seconds=place))
    answer = look_up(replace(config, max_events=30, max_bodies=5), question("1"))
    assert (len(answer.events), answer.events_total, answer.bodies_read) == (30, 120, 5)
    assert codes(answer) == [NoticeCode.CAPPED]
    assert answer.events[0].timestamp == MOMENT
    bare = next(event for event in answer.events if event.body is None)
    client = SentryClient(config)
    whole = fetch_event(client, bare)
    client.close()
    assert (bare.level, whole.level) == (None, "error")
    assert whole.body


def test_event_id_finds_its_event_at_any_time(demo: DemoSentry, config: SentryConfig) -> None:
    for project in ("web", "api", "app"):
        event = demo.world.add_event(timestamp=MOMENT - timedelta(days=1), project=project)
    link = f"https://glitch.test/acme/issues/1/events/{event.id}"
    for typed in (event.id, link):
        answer = look_up(config, question(typed))
        assert (ids(answer), answer.matched_on) == ({event.id}, ("id",))
        assert NoticeCode.OUTSIDE_WINDOW in codes(answer)
        assert answer.bodies_read == 1
    nowhere = look_up(config, question("https://glitch.test/issues/1/events/" + "0" * 32))
    assert (nowhere.events, codes(nowhere)) == ((), [NoticeCode.UNCLEAR_CUSTOMER])


def test_failing_event_link_is_an_error(demo: DemoSentry, config: SentryConfig) -> None:
    demo.fail(r"/projects/acme/web/events/", times=None, status=500)
    with pytest.raises(SentryServerError):
        look_up(config, question("https://glitch.test/issues/1/events/" + "0" * 32))


def test_issues_have_permalinks(demo: DemoSentry, config: SentryConfig) -> None:
    event = demo.world.add_event(user_id="1", timestamp=MOMENT)
    answer = look_up(config, question("1"))
    (issue,) = answer.issues
    assert issue.permalink == f"{demo.url}/acme/issues/{event.issue.id}"
    assert answer.events[0].permalink == f"{issue.permalink}/events/{event.id}/"


def test_lookup_takes_few_calls(demo: DemoSentry, config: SentryConfig) -> None:
    """Read projects, environments, issues, and for each project a page, a level, and two counts."""
    for project in ("web", "api"):
        demo.world.add_event(user_id="1", timestamp=MOMENT, project=project)
    assert look_up(config, question("1")).calls == 11


def test_long_list_is_read_by_the_customers_issues(
    demo: DemoSentry, config: SentryConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = demo.world.add_event(user_id="1", timestamp=MOMENT, issue="Mine")
    crowd(demo, 1500)
    answer = look_up(config, question("1"))
    assert (ids(answer), answer.complete) == ({mine.id}, True)
    assert answer.calls <= 11


def test_events_have_their_own_level(demo: DemoSentry, config: SentryConfig, busy: bool) -> None:
    """An issue has only the level of its first event."""
    levels = ("info", "fatal", "error", "warning", "debug")
    for place, level in enumerate(("error", *levels)):
        when = MOMENT + place * SECOND
        demo.world.add_event(user_id="1", timestamp=when, level=level, issue="Cart saved")
    answer = look_up(replace(config, max_bodies=6), question("1"))
    assert tuple(event.level for event in answer.events) == (*levels[::-1], "error")
    assert [issue.level for issue in answer.issues] == [None]
    nearest = look_up(replace(config, max_bodies=2), question("1"))
    assert [event.level for event in nearest.events] == [None, None, None, None, "info", "error"]


def test_levels_are_unknown_if_the_server_does_not_send_them(
    demo: DemoSentry, config: SentryConfig
) -> None:
    for place in range(20):
        demo.world.add_event(user_id="1", timestamp=MOMENT + place * SECOND, issue="Same")
    demo.fail("/json/", times=None, status=404)
    answer = look_up(config, question("1"))
    assert {event.level for event in answer.events} == {None}
    assert (codes(answer), answer.complete) == ([NoticeCode.SIGNAL_MISSING], True)
    assert sum(call.path.endswith("/json/") for call in demo.calls) < 10


@pytest.mark.parametrize(
    ("people", "users"),
    [
        (({"user_id": "1"}, {"user_id": "1"}), 1),
        (({"user_id": "1"}, {"user_id": "2"}, {"user_id": "3"}, {"user_id": "2"}), 3),
        (({"user_id": "1"}, {"email": "jo@example.com"}), None),
        (({"user_id": "1"}, {}), None),
    ],
)
def test_customers_are_counted_if_all_have_an_id(
    demo: DemoSentry, config: SentryConfig, people: tuple[dict[str, str], ...], users: int | None
) -> None:
    for person in people:
        demo.world.add_event(timestamp=MOMENT, issue="Same", **person)  # type: ignore[arg-type]
    (issue,) = look_up(config, question("1")).issues
    assert (issue.users_affected, issue.events_total) == (users, len(people))


def test_customers_are_not_counted_by_an_issues_own_count_of_events(
    demo: DemoSentry, config: SentryConfig
) -> None:
    """GlitchTip up to 4.1 doesn't count the events that arrive along with the first one."""
    for person in ({"user_id": "1"}, {"email": "jo@example.com"}):
        demo.world.add_event(timestamp=MOMENT, issue="Same", **person)  # type: ignore[arg-type]
    listed = {"id": str(demo.world.issues[0].id), "count": "1", "title": "Same"}
    demo.fail("/acme/issues/\\?", times=None, status=200, body=[listed])
    (issue,) = look_up(config, question("1")).issues
    assert (issue.users_affected, issue.events_total) == (None, 1)


def test_issue_is_first_seen_when_its_event_happened(
    demo: DemoSentry, config: SentryConfig
) -> None:
    hour = timedelta(hours=1)
    demo.world.add_event(user_id="1", timestamp=MOMENT, received=MOMENT + hour, issue="Same")
    demo.world.add_event(user_id="1", timestamp=MOMENT + SECOND, issue="Other")
    demo.world.add_event(user_id="2", timestamp=MOMENT - hour, issue="Other")
    issues = look_up(config, question("1")).issues
    assert {issue.first_seen for issue in issues} == {MOMENT, MOMENT - hour}


def test_culprit_is_the_transaction_unless_it_was_made_up(
    demo: DemoSentry, config: SentryConfig, busy: bool
) -> None:
    url = "https://shop.test/pay"
    frames = [{"function": "charge", "module": "shop.pay", "filename": "shop/pay.py"}]
    for place, fields in enumerate(
        (
            {"transaction": "/api/pay", "frames": frames},
            {"culprit": "shop.pay in charge", "frames": frames},
            {"culprit": "charge(shop.pay)", "frames": frames},
            {"culprit": url, "request": {"url": url}},
        )
    ):
        demo.world.add_event(
            user_id="1",
            timestamp=MOMENT - place * SECOND,
            exception=("E", "x"),
            **fields,  # type: ignore[arg-type]
        )
    events = look_up(config, question("1")).events
    assert [event.transaction for event in events] == ["/api/pay", None, None, None]
    assert all(event.culprit for event in events)


def test_query_of_a_request_is_read_from_both_lists(
    demo: DemoSentry, config: SentryConfig, busy: bool
) -> None:
    request = {"url": "https://shop.test/", "query": [["coupon", "SPRING"]]}
    demo.world.add_event(user_id="1", timestamp=MOMENT, request=request)
    (event,) = look_up(config, question("1")).events
    assert event.body
    assert event.body.request
    assert event.body.request.query == (("coupon", "SPRING"),)


@pytest.mark.parametrize("scopes", [["project:read", "event:read"], None])
def test_an_unknown_environment_makes_an_empty_result_incomplete(
    demo: DemoSentry, config: SentryConfig, scopes: list[str] | None
) -> None:
    """Each project has its own, but a project's list lacks those of earlier projects."""
    demo.settings.scopes = scopes or demo.settings.scopes
    demo.settings.hidden_environments = ["staging"]
    long_ago = MOMENT - timedelta(days=2)
    for project in ("web", "api"):
        demo.world.add_event(timestamp=long_ago, project=project, environment="production")
    demo.world.add_event(timestamp=long_ago, project="api", environment="staging")
    for name, is_known in (("production", True), ("staging", True), ("prodution", False)):
        answer = look_up(config, replace(question("1"), environments=(name,), projects=("api",)))
        assert (answer.events, answer.complete) == ((), is_known), name
        assert answer.has_notice(NoticeCode.ENVIRONMENT_UNKNOWN) is not is_known, name


def test_an_unchecked_environment_makes_an_empty_result_incomplete(
    demo: DemoSentry, config: SentryConfig
) -> None:
    demo.world.add_event(user_id="1", timestamp=MOMENT, environment="production")
    demo.fail("/environments/", times=None, status=403)
    found = look_up(config, replace(question("1"), environments=("production",)))
    assert (len(found.events), found.complete) == (1, True)
    nothing = look_up(config, replace(question("2"), environments=("production",)))
    assert [notice.message for notice in nothing.notices] == [
        "We couldn’t check whether there is an environment production."
    ]
    assert not nothing.complete
