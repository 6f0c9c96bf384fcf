"""The page that waits for an answer, and what its script is told while the asking goes on."""

from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.events.answer import Progress
from apps.lookups.answers import LookupResult, State, answer_now, answer_soon
from apps.lookups.models import Lookup
from apps.web.access import projects_seen
from apps.web.presenters.formatting import counted, grouped, level_mark, local_clock

# An answer that comes this soon needs no page to wait on: that would only flash.
QUICK_S = 0.3

_LIVE_COOKIE = "triage_live"
_LEVELS = ("fatal", "error", "warning", "info", "debug")


def result_of(request: HttpRequest, lookup: Lookup) -> LookupResult | None:
    """The lookup's answer; None when the browser can show how far it is and it takes longer.

    Raises as `answer_lookup` does.
    """
    if request.COOKIES.get(_LIVE_COOKIE) == "1" and "wait" not in request.GET:
        return answer_soon(lookup, QUICK_S, projects_seen(request))
    return answer_now(lookup, projects_seen(request))


def waiting_page(request: HttpRequest, lookup: Lookup) -> HttpResponse:
    """What was asked, how far it is, and a way to stop it."""
    context = {
        "lookup": lookup,
        "levels": [level_mark(level) for level in _LEVELS],
        "sentence": _sentence(State.ASKING, Progress()),
        "share": _rounded(Progress()),
    }
    return render(request, "lookups/waiting.html", context)


def told(lookup: Lookup, state: State, progress: Progress) -> dict[str, Any]:
    """How far the asking is, for the page's script. Only numbers, times and words of our own.

    `share` is how much is done, from 0 to 1. `known` is null until the list of events has ended.
    """
    zone = ZoneInfo(lookup.zone)
    hidden = progress.events_found - len(progress.newest)
    return {
        "state": state,
        "done": progress.done,
        "known": progress.known,
        "share": _rounded(progress),
        "sentence": _sentence(state, progress),
        "events_found": progress.events_found,
        "more": f"and {counted(hidden, 'earlier event')}" if hidden > 0 else "",
        "events": [
            {
                "id": one.id,
                "time": local_clock(one.timestamp, zone, day_of=lookup.moment).text,
                "iso": local_clock(one.timestamp, zone).iso,
                "level": level_mark(one.level).word,
                "sentence": one.sentence,
            }
            for one in progress.newest
        ],
    }


def _rounded(progress: Progress) -> float:
    return round(progress.share, 3)


def _sentence(state: State, progress: Progress) -> str:
    """How far it is: "2 of 5 problems read, 14 events". It never says that there is nothing."""
    if state == State.WAITING:
        return "Waiting in line. Other people are asking Sentry too."
    if not progress.events_found:
        return (
            "Asking Sentry for this customer's events."
            if progress.known is None
            else "Nearly done."
        )
    events = counted(progress.events_found, "event")
    if progress.problems is None:
        return f"{events} so far."
    problems = counted(progress.problems, "problem")
    return f"{grouped(progress.read)} of {problems} read, {events}"
