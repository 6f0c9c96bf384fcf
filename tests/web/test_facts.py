"""Every fact of a result is at most one click away, however short the page."""

import json
import re
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.demo.management.commands.demo_data import add_known_errors
from apps.demo.story import build_world
from apps.demo.world import customers
from tests.conftest import NOW, signed_in
from tests.demo_sentry import DemoSentry
from tests.web.asking import look_up, text

pytestmark = pytest.mark.django_db

START = (NOW - timedelta(days=1)).replace(hour=12, minute=0, second=0)
RECORDED: dict[str, list[str]] = json.loads(Path(__file__).with_name("facts.json").read_text())
_VOID = frozenset(("input", "meta", "link", "br", "path", "rect", "line", "circle", "hr", "img"))
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_DATE = re.compile(rf"(?<!\d)(?:\d{{4}}-\d\d-\d\d|\d{{1,2}} (?:{_MONTHS})(?: \d{{4}})?)\b")
_REWORDED = (
    (r"Still open(.*)", r"Not resolved yet\1"),
    (r"(\S+) reported", r"\1 asked about"),
    (r"No: ([\d,]+ customers) have had it\.", r"\1"),
    (r"So far, yes: (only this customer) has had it\.", r"\1 so far"),
    (r"(.+) in the 24 hours before we checked.*", r"\1 from"),
    (r"(.+)\. The same events are listed below\.", r"\1"),
    (r"(.+ went live in production) \d+ \w+ (?:before|after)", r"\1"),
    (r"(\S+) \((\S+), production\)", r"\2 \1 went live in production"),
    (r"(\d+) more in the background", r"\1 note or warning in the background"),
    (r"The bank declines the card", "Declined cards are not explained"),
    (r"What the customer did · (\d+ steps)", r"\1 recorded"),
    (r"What the customer did: (\d+ steps.*)", r"Recorded: \1"),
    (r"(Your bank declined .+, )11:34(.+)", r"\g<1>11:31 to 11:34\2"),
    (r"(Your order of .+, )08:58(.+)", r"\g<1>08:56 to 08:58\2"),
    (r"Confirm .+ helping\. (Errors nearest the window:)", r"\1"),
    (
        r"Sentry has (this customer with) different capitals(.+)",
        r"Sentry spells \1 different capitals\2",
    ),
    (r"1 session replay", "session replay"),
    (r"1 message from the customer", "The customer wrote"),
    (r"it stopped what the customer was doing", "Stopped the customer yes"),
    (r"(\w+(?:\.\w+)*: .+): (The app .+\.)", r"\2 \1"),
)


class Texts(HTMLParser):
    """The texts of a result that are at most one click away, also those shown on hover.

    Those of the form, the export, and the list of shortcuts are left out.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._skipped = 0
        self._closed: list[bool] = []
        self._is_summary = False
        self.feed(html[html.index("<main") :])

    def _add(self, piece: str) -> None:
        if not self._skipped and sum(self._closed) - self._is_summary < 2:
            self.pieces.append(piece)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "details":
            self._closed.append("open" not in values)
        if tag == "summary":
            self._is_summary = self._closed[-1]
        is_skipped = values.get("id") in ("export", "keys") or values.get("class") == "ask-bar"
        if tag not in _VOID and (is_skipped or self._skipped):
            self._skipped += 1
        self._add(values.get("title") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "details":
            self._closed.pop()
        if tag == "summary":
            self._is_summary = False
        if self._skipped and tag not in _VOID:
            self._skipped -= 1

    def handle_data(self, data: str) -> None:
        self._add(data)


def normal(piece: str) -> str:
    """Return the piece with one space between words, and with days relative to the story's."""
    return " ".join(_DATE.sub(_relative_day, piece).split()).replace("’", "'")


def _relative_day(found: re.Match[str]) -> str:
    """Return `[day -1]` for a date such as 20 Nov 2026, 2026-11-20, or the latest 20 Nov."""
    if "-" in found[0]:
        day = date.fromisoformat(found[0])
    elif found[0][-4:].isdecimal():
        day = datetime.strptime(found[0], "%d %b %Y").date()
    else:
        years = (START.year + 1, START.year, START.year - 1)
        days = (datetime.strptime(f"{found[0]} {year}", "%d %b %Y").date() for year in years)
        day = next(one for one in days if one <= START.date() + timedelta(days=4))
    return f"[day {(day - START.date()).days}]"


def result_text(browser: Client, key: str) -> str:
    """Return all text of this customer's result, also what is folded or on hover."""
    customer = next(one for one in customers(START) if one.key == key)
    moment = customer.moment.isoformat()
    url = look_up(browser, customer=customer.identifier, at=moment, zone="UTC")
    pieces = Texts(text(browser.get(url))).pieces
    return normal(" ".join(pieces))


def test_every_fact_is_at_most_one_click_away(agent: User, connected: DemoSentry) -> None:
    connected.world = build_world(START)
    connected.settings.now = (START + timedelta(minutes=10)).isoformat()
    add_known_errors(START.date())
    browser = signed_in(agent)
    lost = {}
    for key, facts in RECORDED.items():
        shown = result_text(browser, key)
        for fact in facts:
            now = fact
            for before, after in _REWORDED:
                now = re.sub(rf"\A{before}\Z", after, now)
            if normal(now) not in shown:
                lost[f"{key}: {fact}"] = now
    assert not lost
