"""Who is measured: our reader, the ideal one, and a plain one."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

import requests

from apps.events.answer import Answer, Signal
from apps.events.grouping import nearest_first
from apps.events.identifier import parse_customer
from apps.events.query import Question, Window
from apps.sentry.client import SentryClient
from apps.sentry.config import Flavor, SentryConfig
from apps.sentry.fetch import fetch_answer
from tests.bench.sentry_process import MOMENT, ORGANIZATION, TOKEN, Sentry, Traffic

MINUTES = 60
AT_A_TIME = 4
NONE = Traffic(0, 0)


@dataclass(frozen=True)
class Reading:
    """What one lookup cost. Calls for the issues' facts are counted along with those for events."""

    seconds: float
    event_calls: int
    issue_calls: int
    answer: Answer | None = None
    traffic: Traffic = NONE


def ours(sentry: Sentry, customer: str, signals: Sequence[Signal] = tuple(Signal)) -> Reading:
    """A cold lookup with a client of its own; the list of projects is cached, as in use."""
    config = SentryConfig(
        base_url=sentry.url,
        organization=ORGANIZATION,
        token=TOKEN,
        flavor=Flavor.SENTRY,
        signals=tuple(signals),
    )
    client = SentryClient(config)
    try:
        projects = client.projects()
    finally:
        client.close()
    client = SentryClient(config)
    sentry.forget_calls()
    question = Question(customer=parse_customer(customer), window=Window(MOMENT, MINUTES))
    started = time.perf_counter()
    try:
        answer = fetch_answer(client, question, projects=projects)
        seconds = time.perf_counter() - started
    finally:
        client.close()
    issue_calls = sum(call.path.endswith("/issues/") for call in answer.call_log)
    return Reading(seconds, answer.calls - issue_calls, issue_calls, answer, sentry.traffic())


def ideal_rounds(answer: Answer) -> int:
    """How often one must wait for Sentry, however clever one is, with four calls at a time.

    The pages of the list come one after another. Then come, four at a time, a call for ten full
    events of each issue, and one for the facts of a hundred issues.
    """
    near = nearest_first(answer.events, MOMENT)[:50]
    full = sum(ceil(size / 10) for size in Counter(event.issue_id for event in near).values())
    facts = ceil(len({event.issue_id for event in answer.events}) / 100)
    lists = max(1, ceil(len(answer.events) / 100))
    return lists + ceil((full + facts) / AT_A_TIME)


def plain(sentry: Sentry, customer: str, bodies: int) -> Reading:
    """A client as one writes it in an afternoon: the list, then event by event, in sequence.

    It keeps its connection, searches as well as we do, and reads as many events in full as we.
    """
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {TOKEN}"
    base = f"{sentry.url}/api/0"
    params: dict[str, str | list[str]] = {
        "dataset": "errors",
        "query": f'user.id:"{customer}"',
        "field": ["id", "timestamp", "project.name", "title"],
        "start": f"{MOMENT - timedelta(minutes=MINUTES):%Y-%m-%dT%H:%M:%S}",
        "end": f"{MOMENT + timedelta(minutes=MINUTES):%Y-%m-%dT%H:%M:%S}",
        "project": "-1",
        "sort": "-timestamp",
        "per_page": "100",
    }
    calls = 0
    started = time.perf_counter()
    rows: list[dict[str, str]] = []
    cursor = ""
    while calls == 0 or cursor:
        response = session.get(
            f"{base}/organizations/{ORGANIZATION}/events/",
            params=params | ({"cursor": cursor} if cursor else {}),
            timeout=30,
        )
        calls += 1
        rows += response.json()["data"]
        following = response.links.get("next", {})
        cursor = following["cursor"] if following.get("results") == "true" else ""
    for row in rows[:bodies]:
        path = f"projects/{ORGANIZATION}/{row['project.name']}/events/{row['id']}/"
        session.get(f"{base}/{path}", timeout=30).raise_for_status()
        calls += 1
    seconds = time.perf_counter() - started
    session.close()
    return Reading(seconds, calls, 0)
