"""Is it just them? What each card shows about other customers, and what it omits."""

from dataclasses import replace
from datetime import timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from apps.demo.world import History
from apps.events.event import Event, Issue
from apps.events.grouping import Group, Problem
from apps.web.presenters.formatting import Clock
from apps.web.presenters.issue import CHART_HEIGHT, ImpactView, IssueCard, impact_view
from tests.conftest import MOMENT
from tests.demo_sentry import DemoSentry
from tests.web import answers
from tests.web.asking import look_up, text
from tests.web.pages import Page

BERLIN = ZoneInfo("Europe/Berlin")
CLOCK = Clock(answers.MOMENT, BERLIN)
HOUR = timedelta(hours=1)
TOP = answers.MOMENT.replace(minute=0)


def group(*, release: str | None = "shop@2.14.0", **issue: object) -> Group:
    event = replace(answers.event(release=release), matched_on=("user.id",))
    return Group("9001", Issue("9001", **issue), (event,))  # type: ignore[arg-type]


def day(**counts: int) -> tuple[tuple[object, int], ...]:
    """Return counts for 24 hours, up to the reported time's; `h1` is the hour before it."""
    return tuple((TOP - back * HOUR, counts.get(f"h{back}", 0)) for back in range(23, -1, -1))


def view(problem: Group) -> ImpactView:
    found = impact_view(problem, CLOCK)
    assert found is not None
    return found


def test_answer_depends_on_sentrys_customer_count() -> None:
    assert view(group(users_affected=57)).short == "57 customers"
    one = group(users_affected=1)
    assert view(one).short == "only this customer so far"
    by_trace = replace(one, events=(replace(one.newest, matched_on=("trace",)),))
    assert view(by_trace).short == "1 customer"
    assert view(group(users_affected=0, status="unresolved")).short == ""


def test_sentences_do_not_repeat_facts() -> None:
    resolved = group(status="resolved", fixed_in="shop@2.15.0", assignee="the team payments")
    assert view(resolved).sentences == (
        "Assigned to the team payments.",
        "Fixed in 2.15.0; the customer was on 2.14.0, which is older.",
    )
    assert view(group(status="unresolved")).sentences == (
        "Not resolved yet.",
        "The customer was on release 2.14.0.",
    )
    assert view(group(status="unresolved", release=None)).sentences == ("Not resolved yet.",)


def test_unknown_issue_has_no_section_but_keeps_its_release() -> None:
    unknown = group()
    assert impact_view(unknown, CLOCK) is None
    assert impact_view(replace(unknown, issue=None), CLOCK) is None

    def facts(group: Group) -> tuple[str, ...]:
        problem = Problem(group, (), group.events)
        return IssueCard(problem, CLOCK).cause.facts

    assert "in release shop@2.14.0" in facts(unknown)
    known = facts(group(users_affected=2))
    assert not [fact for fact in known if "2.14.0" in fact or "customer" in fact]


def test_last_day_is_charted_in_the_agents_time_zone() -> None:
    chart = view(group(last_day=day(h0=1, h1=30))).day
    assert chart is not None
    assert chart.text == (
        "31 times from 19 Nov 2026, 15:00 until we checked, most between 13:00 and 14:00."
    )
    assert [bar.height for bar in chart.bars[-3:]] == [0, CHART_HEIGHT, 2]
    assert [bar.is_then for bar in chart.bars] == [False] * 23 + [True]
    assert (len(chart.bars), chart.bars[-1].x + chart.bars[-1].width) == (24, 238)


def test_single_occurrence_has_no_peak() -> None:
    chart = view(group(last_day=day(h0=1))).day
    assert chart is not None
    assert chart.text == "Once from 19 Nov 2026, 15:00 until we checked, between 14:00 and 15:00."


def test_quiet_day_has_no_chart() -> None:
    later = tuple((hour + 72 * HOUR, count) for hour, count in day())  # type: ignore[operator]
    chart = view(group(last_day=later)).day
    assert chart is not None
    assert chart.text == "Not once from 22 Nov 2026, 15:00 until we checked."
    assert chart.bars == ()


@pytest.mark.django_db
def test_page_shows_facts_from_sentry(ana: Client, connected: DemoSentry) -> None:
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
    for expected in (
        "<summary>57 customers; fixed in 2.15.0; the customer was on 2.14.0, which is older.",
        "<dd><bdi>fixed in 2.15.0; the customer was on 2.14.0, which is older</bdi></dd>",
        "<p><bdi>Fixed in 2.15.0; the customer was on 2.14.0, which is older.",
        "Assigned to someone.",
        "99 times from ",
        "Counted by Sentry across all customers.",
    ):
        assert page.count(expected) == 1, expected
    assert page.count("First seen") == 1
    assert "Jo Berg" not in page
    assert "jo@shop" not in page


@pytest.mark.django_db
def test_unread_facts_hide_the_section(ana: Client, connected: DemoSentry) -> None:
    connected.world.add_event(user_id="1001", timestamp=MOMENT)
    connected.fail("/acme/issues/", times=None, status=500)
    page = text(ana.get(look_up(ana)))
    assert "We couldn't read how many customers have these problems" in unescape(page)
    assert "Counted by" not in page


@pytest.mark.django_db
def test_hostile_facts_are_escaped(ana: Client, connected: DemoSentry) -> None:
    script = "<script>alert(1)</script>"
    event = connected.world.add_event(
        user_id="1001", timestamp=MOMENT, release=script, issue_status="resolved"
    )
    connected.world.set_history(event.issue, History(fixed_in=f"{script}2", team=script))
    connected.world.add_release(script, MOMENT, deployed=MOMENT, environment=script)
    page = text(ana.get(look_up(ana)))
    assert "Counted by" in page
    assert "went live" in page
    assert "<script>alert" not in page


@pytest.mark.django_db
def test_releases_are_on_the_page_and_in_the_export(ana: Client, connected: DemoSentry) -> None:
    connected.world.add_event(user_id="1001", timestamp=MOMENT)
    world = connected.world
    live = MOMENT - timedelta(minutes=35)
    world.add_release("web@2.14.0", live, released=live, deployed=live)
    world.add_release("web@2.14.1", MOMENT + timedelta(minutes=2))
    address = look_up(ana)
    page = text(ana.get(address))
    story = " ".join(Page(page[page.index('id="story"') :]).text.split())
    assert f"{live.astimezone(BERLIN):%H:%M:%S} web 2.14.0 went live in production" in story
    assert "web 2.14.1 first appeared in Sentry" in story
    exported = text(ana.get(f"{address}export.md"))
    assert "release web@2.14.0 went live in production 35 min before the reported time" in exported
    (first, _second) = ana.get(f"{address}export.json").json()["beside"]
    assert (first["kind"], first["id"], first["project"]) == ("release", None, "web")


@pytest.mark.django_db
def test_only_nearest_releases_are_listed(ana: Client, connected: DemoSentry) -> None:
    connected.world.add_event(user_id="1001", timestamp=MOMENT)
    for place in range(8):
        at = MOMENT + timedelta(seconds=30 * place)
        connected.world.add_release(f"web@1.{place}", at, deployed=at)
    page = text(ana.get(look_up(ana)))
    part = page[page.index('id="story"') : page.index('id="export"')]
    section = " ".join(Page(part).text.split())
    assert section.count("went live in production") == 5
    assert "web 1.4 went live" in section
    assert "3 more releases, further from the reported time" in section


def test_fix_is_compared_with_the_newest_release() -> None:
    older: Event = answers.event(-60, release="shop@2.13.0")
    newer: Event = answers.event(60, release="shop@2.15.0")
    both = Group("9001", Issue("9001", status="resolved", fixed_in="shop@2.14.0"), (newer, older))
    assert view(both).sentences[-1] == (
        "Marked as fixed in 2.14.0, but the customer was on 2.15.0, which is newer."
    )
