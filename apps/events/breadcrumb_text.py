"""Breadcrumbs in plain words, and in one order over several events.

The words are our own; a phrase's `text` is quoted from the event.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from urllib.parse import urlsplit

from apps.events.answer import Answer
from apps.events.event import Breadcrumb, Event, breadcrumb_message
from apps.events.once import found_once
from apps.events.patterns import PatternFile
from apps.events.rules.rule import CLIENT, Side, side_of


class Actor(Enum):
    """The one that did something."""

    CUSTOMER = "customer"
    PAGE = "page"
    APP = "app"
    SERVER = "server"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class BreadcrumbPhrase:
    """`words` and `text` are `clicked` and `pay`; a known `outcome` is `it answered with 500`."""

    actor: Actor
    words: str
    text: str
    outcome: str = ""
    has_failed: bool = False


_FILE = PatternFile.read("breadcrumb_text.toml")
_WORDS: dict[str, dict[str, str]] = _FILE.tables
_QUERIED = _WORDS["recorded"]["query"]
_SQL = _FILE.compile("sql", re.IGNORECASE)
_LEFT_STATES = frozenset(("paused", "stopped", "destroyed", "detached", "viewWillDisappear"))
_HTTP_CATEGORIES = frozenset(("http", "fetch", "xhr", "httplib", "net.http"))
_READ_METHODS = frozenset(("", "GET", "HEAD", "OPTIONS"))

_NAME_ATTRIBUTE = _FILE.compile("name_attribute")
_MAX_SELECTOR = 600
_HREF = re.compile(r"\ba(?=[.#\[])[^>]{0,300}\[href=[\"']?([^\"'\]]{1,200})")
_ATTRIBUTE = re.compile(r"\[[^\]]{0,200}\]")
_SEGMENT = re.compile(r"^([a-zA-Z][\w-]{0,40})?((?:[#.][\w-]{1,80}){0,20})")
_ID_OR_CLASS = re.compile(r"([#.])([\w-]{1,80})")
_STYLE_NAME = _FILE.compile("style_name", re.IGNORECASE)
_UTILITY_CLASS = _FILE.compile("utility_class")
_GENERATED_NAME = _FILE.compile("generated_name")
_GENERATED_SUFFIX = _FILE.compile("generated_suffix")
_NOISE_WORD = _FILE.compile("noise_word", re.IGNORECASE)
_SCREEN_SUFFIX = re.compile(r"(?<=[a-z])(?:Activity|Fragment|ViewController|Screen|Page)$")
_WORD_BOUNDARY = re.compile(r"(?<=[a-z])(?=[A-Z])|[_\-.]+")
_TOUCH_PREFIX = re.compile(r"^Touch event within element: ?")
_ACTORS = {
    Side.BROWSER: Actor.PAGE,
    Side.DEVICE: Actor.APP,
    Side.SERVER: Actor.SERVER,
    Side.UNKNOWN: Actor.PROGRAM,
}


def breadcrumb_phrase(crumb: Breadcrumb, event: Event) -> BreadcrumbPhrase:
    """Return the breadcrumb in words. The side that recorded it follows from `event`."""
    kind = (crumb.category or crumb.type or "").lower()
    side = side_of(event)
    failed = crumb.level in ("error", "fatal", "critical")
    for prefix, action in _WORDS["customer_actions"].items():
        if kind.startswith(prefix) and (side in CLIENT or kind != "route"):
            is_left = action == "saw" and crumb.data.get("state") in _LEFT_STATES
            words = "left" if is_left else action
            return BreadcrumbPhrase(Actor.CUSTOMER, words, _target(crumb, words), has_failed=failed)
    if kind == "app.lifecycle" and str(crumb.data.get("state")) in _WORDS["app_states"]:
        return BreadcrumbPhrase(Actor.CUSTOMER, _WORDS["app_states"][str(crumb.data["state"])], "")
    actor = _ACTORS[side]
    if kind in _HTTP_CATEGORIES or (crumb.type == "http" and crumb.data.get("url")):
        return _http_call(crumb, actor, failed)
    recorded = next(
        (words for prefix, words in _WORDS["recorded"].items() if kind.startswith(prefix)), None
    )
    query = _SQL.match(crumb.message or "") if recorded == _QUERIED else None
    if query:
        verb = _WORDS["sql"][query[1].lower()]
        return BreadcrumbPhrase(actor, verb, _split_words(query[2]), has_failed=failed)
    words = recorded or _WORDS["levels"].get(crumb.level or "", "noted")
    return BreadcrumbPhrase(actor, words, _message(crumb), has_failed=failed)


def _message(crumb: Breadcrumb) -> str:
    message = breadcrumb_message(crumb)
    if message:
        return message
    action = str(crumb.data.get("action") or "")
    if action in _WORDS["device_events"]:
        return _WORDS["device_events"][action]
    pairs = (f"{name}: {value}" for name, value in crumb.data.items() if value not in (None, ""))
    return ", ".join(pairs) or (crumb.category or "")


def _target(crumb: Breadcrumb, words: str) -> str:
    if words == "went to":
        target = crumb.data.get("to") or crumb.message
        return bare_url(str(target)) if target else _message(crumb)
    if words in ("saw", "left"):
        screen = str(crumb.data.get("screen") or crumb.message or "")[:200]
        bare = re.split(r"[.<:/]", screen.strip("<>/"))[-1] or screen
        return _SCREEN_SUFFIX.sub("", bare) or _message(crumb)
    label = crumb.data.get("label") or crumb.data.get("accessibilityIdentifier")
    target = label or crumb.message or crumb.data.get("view.id")
    return label_of(str(target)) if target else _message(crumb)


def _http_call(crumb: Breadcrumb, actor: Actor, failed: bool) -> BreadcrumbPhrase:
    data = crumb.data
    method = str(data.get("method") or data.get("http.method") or "").upper()
    statuses = (data.get("status_code"), data.get("http.response.status_code"))
    status = next((str(one) for one in statuses if one is not None), "")
    words = "asked for" if method in _READ_METHODS else "sent a request to"
    code = int(status) if status.isascii() and status.isdigit() and len(status) == 3 else None
    answered = "it" if actor is Actor.SERVER else "the server"
    failed = failed or status == "0" or (code is not None and code >= 400)
    outcome = ""
    if code is not None and code >= 400:
        meaning = status_meaning(code)
        if actor is Actor.SERVER and code in (401, 403):
            meaning = "it did not let us in"
        outcome = f"{answered} answered with {code}{f' ({meaning})' if meaning else ''}"
    elif failed and code is None:
        outcome = "no response"
    elif code is not None and words == "sent a request to":
        outcome = f"{answered} answered" if code < 300 else ""
    text = bare_url(str(data["url"])) if data.get("url") else _message(crumb)
    operation = str(data.get("graphql.operation") or data.get("operationName") or "")[:80]
    text = f"{text} ({operation})" if operation else text
    return BreadcrumbPhrase(actor, words, text, outcome, failed)


def status_meaning(code: int) -> str:
    """Return what an HTTP status means, in a few words, or "" if that is unclear."""
    return _WORDS["statuses"].get(str(code)) or ("it failed" if code >= 500 else "")


def bare_url(url: str) -> str:
    """Return the URL without scheme, query, and fragment."""
    try:
        parts = urlsplit(url[:2000])
    except ValueError:
        return url
    return f"{parts.netloc}{parts.path}" or url


def label_of(target: str) -> str:
    """Return what a person would call the clicked element: `button.pay-now > span` is `pay now`.

    Text that is not a CSS selector, or too long for one, is returned unchanged.
    """
    target = _TOUCH_PREFIX.sub("", target.strip())[:2000]
    return target if len(target) > _MAX_SELECTOR else _label(target)


def _label(target: str) -> str:
    if names := _NAME_ATTRIBUTE.findall(target):
        return _split_words(names[-1])
    if hrefs := _HREF.findall(target):
        return f"the link to {bare_url(hrefs[-1])}"
    target = _UTILITY_CLASS.sub("", target)
    if " " in target and not re.search(r"[>#.\[]", target):
        return target
    chain = [_ATTRIBUTE.sub("", segment).strip() for segment in target.split(">")]
    active = [
        part for part in chain if _SEGMENT.sub("", part) == "" and _tag(part) in _WORDS["tags"]
    ]
    for part in (*reversed(active), *reversed(chain)):
        # IDs sort before classes.
        marks = [
            name for _sign, name in sorted(_ID_OR_CLASS.findall(part), key=lambda mark: mark[0])
        ]
        names = [
            bare
            for name in marks
            if not _STYLE_NAME.match(bare := _bare_name(name)) and not _GENERATED_NAME.match(name)
        ]
        if names and _SEGMENT.fullmatch(part):
            return _split_words(names[0])
    label = _WORDS["tags"][_tag(active[-1])] if active else ""
    if label and re.search(r"[>#.\[]", target):
        return label
    return _split_words(target.rstrip(":")) if re.fullmatch(r"[\w:.\-]{1,80}", target) else target


def _bare_name(name: str) -> str:
    """Return the name without a leading word for a button and a generated suffix."""
    return re.sub(r"^(?:btn|button|link|js)[-_](?=[a-z]{3})", "", _GENERATED_SUFFIX.sub("", name))


def _tag(part: str) -> str:
    found = _SEGMENT.match(part)
    return (found[1] or "").lower() if found else ""


def _split_words(name: str) -> str:
    """Return `pay now` for `btnPayNow`."""
    words = _WORD_BOUNDARY.sub(" ", name).strip()
    bare = words
    for _ in range(2):
        bare = _NOISE_WORD.sub("", bare).strip() or bare
    return words if " " in name else bare.lower() or name


# The breadcrumbs of several events in one order

_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class PlacedBreadcrumb:
    """A breadcrumb of an event with its position: the time, and its number among all.

    `remaining` breadcrumbs of the event follow it. `is_representative` means that the event
    represents its issue.
    """

    crumb: Breadcrumb
    event: Event
    position: tuple[datetime, int]
    remaining: int
    is_representative: bool


def place_breadcrumbs(
    events: Iterable[Event], leads: Collection[str] = ()
) -> Iterator[PlacedBreadcrumb]:
    """Yield all breadcrumbs of these events; `leads` are the IDs of those that represent an issue.

    A breadcrumb without a time gets that of the previous one; the first ones that of the next with
    a time, or the event's.
    """
    number = 0
    for event in sorted(events, key=lambda event: (event.timestamp, event.id)):
        crumbs = event.details.breadcrumbs
        time = next((crumb.timestamp for crumb in crumbs if crumb.timestamp), event.timestamp)
        for index, crumb in enumerate(crumbs):
            time = crumb.timestamp or time
            number += 1
            yield PlacedBreadcrumb(
                crumb, event, (time, number), len(crumbs) - 1 - index, event.id in leads
            )


def merge_breadcrumbs(placed: Iterable[PlacedBreadcrumb]) -> list[PlacedBreadcrumb]:
    """Remove duplicates from different events of one visit and sort the rest, oldest first.

    Equal breadcrumbs of a single event happened several times and are kept. Of duplicates, prefer
    a representative event's, then the one nearest to its event.
    """
    best: dict[_Key, PlacedBreadcrumb] = {}
    seen: Counter[_Key] = Counter()
    for one in placed:
        content = _content(one.crumb)
        seen[(one.event.id, *content)] += 1
        key = (*content, seen[(one.event.id, *content)])
        other = best.get(key)
        if other is None or (one.is_representative, -one.remaining) > (
            other.is_representative,
            -other.remaining,
        ):
            best[key] = one
    return sorted(best.values(), key=lambda one: one.position)


@found_once
def _content(crumb: Breadcrumb) -> _Key:
    return crumb.timestamp, crumb.category, crumb.level, crumb.message, str(crumb.data)


@found_once
def recorded_breadcrumbs(answer: Answer) -> list[PlacedBreadcrumb]:
    """Return the breadcrumbs of all events of a result, each once, oldest first."""
    return merge_breadcrumbs(place_breadcrumbs(answer.events))


def step_times(answer: Answer) -> tuple[datetime, ...]:
    """Return the times (UTC, sorted) of the customer's steps that have one."""
    times = (one.crumb.timestamp for one in recorded_breadcrumbs(answer))
    return tuple(sorted(filter(None, times)))
