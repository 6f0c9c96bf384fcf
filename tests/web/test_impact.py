"""Is it just them? What each card says and draws about everybody else, and what it leaves out."""

from dataclasses import replace
from datetime import timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from apps.demo.server import DemoSentry
from apps.demo.world import History
from apps.events.event import Event, Issue
from apps.events.grouping import Group
from apps.web.presenters.issue import CHART_HEIGHT, ImpactView, impact_view, issue_card
from tests.conftest import MOMENT
from tests.web import answers
from tests.web.asking import look_up, text

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
TOP = answers.MOMENT.replace(minute=0)


def group(*, release: str | None = "shop@2.14.0", **issue: object) -> Group:
    told = replace(answers.event(release=release), matched_on=("user.id",))
    return Group("9001", Issue("9001", **issue), (told,))  # type: ignore[arg-type]


def day(**counts: int) -> tuple[tuple[object, int], ...]:
    """The 24 hours to the moment's own; `h1` is how often in the hour before it."""
    return tuple((TOP - back * HOUR, counts.get(f"h{back}", 0)) for back in range(23, -1, -1))


def view(told: Group) -> ImpactView:
    found = impact_view(told, answers.MOMENT, BERLIN)
    assert found is not None
    return found


def test_the_question_is_answered_only_as_far_as_sentry_counts() -> None:
    assert view(group(users_affected=57)).answer == "No: 57 customers have had it."
    one = group(users_affected=1)
    assert view(one).answer == "So far, yes: only this customer has had it."
    by_trace = replace(one, events=(replace(one.newest, matched_on=("trace",)),))
    assert view(by_trace).answer == "So far, only one customer has had it."
    assert view(group(users_affected=0, status="unresolved")).answer == ""


def test_each_thing_is_said_once() -> None:
    told = group(status="resolved", fixed_in="shop@2.15.0", assignee="the team payments")
    assert view(told).sentences == (
        "Assigned to the team payments.",
        "Fixed in 2.15.0; the customer was on 2.14.0, which is older.",
    )
    assert view(group(status="unresolved")).sentences == (
        "Still open.",
        "The customer was on release 2.14.0.",
    )
    assert view(group(status="unresolved", release=None)).sentences == ("Still open.",)


def test_an_issue_of_which_nothing_is_known_has_no_block_and_keeps_its_release() -> None:
    unknown = group()
    assert impact_view(unknown, answers.MOMENT, BERLIN) is None
    assert impact_view(replace(unknown, issue=None), answers.MOMENT, BERLIN) is None
    window = answers.answer().question.window
    assert "in release shop@2.14.0" in issue_card(1, unknown, window=window, zone=BERLIN).facts
    known = issue_card(1, group(users_affected=2), window=window, zone=BERLIN)
    assert not [fact for fact in known.facts if "2.14.0" in fact or "customer" in fact]


def test_the_last_day_is_told_in_the_agents_zone_and_drawn() -> None:
    told = view(group(last_day=day(h0=1, h1=30))).day
    assert told is not None
    assert told.text == "31 times in the 24 hours before we checked, most between 13:00 and 14:00."
    assert [bar.height for bar in told.bars[-3:]] == [0, CHART_HEIGHT, 2]
    assert [bar.is_then for bar in told.bars] == [False] * 23 + [True]
    assert (len(told.bars), told.bars[-1].x + told.bars[-1].width) == (24, 238)


def test_once_is_no_most() -> None:
    told = view(group(last_day=day(h0=1))).day
    assert told is not None
    assert told.text == "Once in the 24 hours before we checked, between 14:00 and 15:00."


def test_a_quiet_day_is_said_without_a_drawing() -> None:
    later = tuple((hour + 72 * HOUR, count) for hour, count in day())  # type: ignore[operator]
    told = view(group(last_day=later)).day
    assert told is not None
    assert (told.text, told.bars) == ("Not once in the 24 hours before we checked.", ())


@pytest.mark.django_db
def test_the_page_tells_it_from_what_sentry_says(ana: Client, connected: DemoSentry) -> None:
    event = connected.world.add_event(
        user_id="77", timestamp=MOMENT, release="web@2.14.0", issue_status="resolved"
    )
    connected.world.set_history(
        event.issue,
        History(
            fixed_in="web@2.15.0",
            person=("Jo Berg", "jo@shop.example"),
            earlier_users=56,
            earlier_events=99,
            day=(*(0,) * 23, 99),
        ),
    )
    page = text(ana.get(look_up(ana, customer="77")))
    for told in (
        "Is it just them?</h4>",
        "No: 57 customers have had it.",
        "Fixed in 2.15.0; the customer was on 2.14.0, which is older.",
        "Assigned to someone.",
        "99 times in the 24 hours before we checked",
        "Counted by Sentry across all customers.",
    ):
        assert page.count(told) == 1, told
    assert page.count("First seen") == 1
    assert "Jo Berg" not in page
    assert "jo@shop" not in page


@pytest.mark.django_db
def test_where_facts_could_not_be_read_nothing_is_said_of_others(
    ana: Client, connected: DemoSentry
) -> None:
    connected.world.add_event(user_id="1001", timestamp=MOMENT)
    connected.fail("/acme/issues/", times=None, status=500)
    page = text(ana.get(look_up(ana)))
    assert "We couldn't read how many customers have these problems" in unescape(page)
    assert "Is it just them?</h4>" not in page


@pytest.mark.django_db
def test_hostile_text_in_these_facts_stays_text(ana: Client, connected: DemoSentry) -> None:
    script = "<script>alert(1)</script>"
    event = connected.world.add_event(
        user_id="1001", timestamp=MOMENT, release=script, issue_status="resolved"
    )
    connected.world.set_history(event.issue, History(fixed_in=f"{script}2", team=script))
    connected.world.add_release(script, MOMENT, deployed=MOMENT, environment=script)
    page = text(ana.get(look_up(ana)))
    assert "Is it just them?" in page
    assert "went live" in page
    assert "<script>alert" not in page


@pytest.mark.django_db
def test_what_went_live_is_told_on_the_page_and_in_the_export(
    ana: Client, connected: DemoSentry
) -> None:
    connected.world.add_event(user_id="1001", timestamp=MOMENT)
    world = connected.world
    live = MOMENT - timedelta(minutes=35)
    world.add_release("web@2.14.0", live, released=live, deployed=live)
    world.add_release("web@2.14.1", MOMENT + timedelta(minutes=2))
    address = look_up(ana)
    page = text(ana.get(address))
    assert "web 2.14.0 went live in production 35 min before" in page
    assert "web 2.14.1 first appeared in Sentry 2 min after" in page
    written = text(ana.get(f"{address}export.md"))
    assert "release web@2.14.0 went live in production 35 min before the reported time" in written
    (first, _second) = ana.get(f"{address}export.json").json()["beside"]
    assert (first["kind"], first["id"], first["project"]) == ("release", None, "web")


@pytest.mark.django_db
def test_of_many_releases_the_nearest_are_told(ana: Client, connected: DemoSentry) -> None:
    connected.world.add_event(user_id="1001", timestamp=MOMENT)
    for place in range(8):
        at = MOMENT + timedelta(seconds=30 * place)
        connected.world.add_release(f"web@1.{place}", at, deployed=at)
    section = text(ana.get(look_up(ana))).partition('class="releases"')[2].partition("</ul>")[0]
    assert section.count("went live in production") == 5
    assert "web 1.4 went live" in section
    assert "and 3 more releases" in section


def test_a_release_of_any_event_is_no_fix_of_another() -> None:
    older: Event = answers.event(-60, release="shop@2.13.0")
    newer: Event = answers.event(60, release="shop@2.15.0")
    both = Group("9001", Issue("9001", status="resolved", fixed_in="shop@2.14.0"), (newer, older))
    assert view(both).sentences[-1] == (
        "Marked as fixed in 2.14.0, but the customer was on 2.15.0, which is newer."
    )
