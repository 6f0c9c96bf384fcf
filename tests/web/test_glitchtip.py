"""Pages about a GlitchTip name it, and show no level that was not read."""

from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from apps.events.answer import Notice, NoticeCode
from apps.web.presenters.result import nothing_view
from tests.conftest import MOMENT
from tests.demo_sentry import DemoSentry
from tests.web import answers
from tests.web.asking import look_up, text
from tests.web.pages import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def glitchtip(connected: DemoSentry) -> DemoSentry:
    connected.settings.flavor = "glitchtip"
    return connected


def test_pages_name_the_server(ana: Client, glitchtip: DemoSentry) -> None:
    result = look_up(ana)
    shown = text(ana.get(result))
    event = next(one["href"] for one in Page(shown).all("a") if "/events/" in one["href"])
    pages = shown + text(ana.get(event))
    for words in ("Open in", "Counted by", "read from"):
        assert f"{words} GlitchTip" in pages, words
        assert f"{words} Sentry" not in pages, words


@pytest.mark.parametrize("level", ["info", "fatal", None])
def test_level_is_the_events_own_or_unknown(
    ana: Client, glitchtip: DemoSentry, level: str | None
) -> None:
    glitchtip.world.add_event(timestamp=MOMENT, level="error", issue="Cart saved")
    glitchtip.world.add_event(
        user_id="7", timestamp=MOMENT, level=level or "info", issue="Cart saved"
    )
    if level is None:
        glitchtip.fail("/json/", times=None, status=404)
    page = text(ana.get(look_up(ana, customer="7")))
    shapes = {one for one in ("error", "fatal", "info", "unknown") if f"level-{one}" in page}
    assert shapes == {level or "unknown"}


def test_environments_can_be_chosen(ana: Client, glitchtip: DemoSentry) -> None:
    values = [one.get("value") for one in Page(text(ana.get("/"))).all("option")]
    assert {"production", "staging"} <= set(values)


@pytest.mark.parametrize(
    ("codes", "can_refresh"),
    [
        ((NoticeCode.FLAVOR_LIMITS,), False),
        ((NoticeCode.ENVIRONMENT_UNKNOWN, NoticeCode.FLAVOR_LIMITS), False),
        ((NoticeCode.WINDOW_OPEN,), True),
        ((NoticeCode.FLAVOR_LIMITS, NoticeCode.INCOMPLETE_LIST), True),
    ],
)
def test_refreshing_is_advised_only_if_it_can_help(
    codes: tuple[NoticeCode, ...], can_refresh: bool
) -> None:
    notices = tuple(Notice(code, "Why.") for code in codes)
    answer = answers.answer(complete=False, notices=notices)
    advice = nothing_view(answer, ZoneInfo("UTC"))["advice"]
    assert advice.startswith("Refresh in a few minutes") is can_refresh
    assert advice.startswith("Refreshing can’t change that") is not can_refresh
