"""One breadcrumb in words an agent can say: who did what, and what came of it.

The words are ours. What is quoted beside them is the event's own text, which stays text.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from urllib.parse import urlsplit

from apps.events.event import Breadcrumb, Event, told_by
from apps.events.rules.rule import CLIENT, Side, side_of


class Actor(Enum):
    """Who did it."""

    CUSTOMER = "customer"
    PAGE = "page"
    APP = "app"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Spoken:
    """`clicked` and what; `outcome` is how it ended where that is known: `it answered 500`."""

    actor: Actor
    words: str
    text: str
    outcome: str = ""
    has_failed: bool = False


_DEEDS = (
    ("ui.click", "clicked"),
    ("ui.tap", "tapped"),
    ("ui.multiclick", "clicked repeatedly on"),
    ("ui.slowclickdetected", "clicked and nothing happened:"),
    ("ui.input", "typed into"),
    ("ui.swipe", "swiped"),
    ("ui.scroll", "scrolled"),
    ("ui.lifecycle", "saw"),
    ("touch", "tapped"),
    ("navigation", "went to"),
    ("route", "went to"),
)
_NOTES = (
    ("query", "asked the data store"),
    ("db", "asked the data store"),
    ("redis", "checked temporary storage"),
    ("cache", "checked temporary storage"),
    ("exception", "recorded an error"),
    ("error", "recorded an error"),
    ("sentry.event", "recorded an error"),
    ("device.", "heard from the device"),
    ("network.event", "heard from the device"),
    ("redux", "did"),
    ("state", "did"),
    ("scene", "opened"),
    ("websocket", "recorded on the live connection"),
)
_WROTE = {
    "warning": "recorded a warning",
    "error": "recorded an error",
    "fatal": "recorded an error",
    "critical": "recorded an error",
}
_DONE = {"select": "looked up", "insert": "saved", "update": "changed", "delete": "removed"}
_STORED = re.compile(
    r"\s{0,20}(select|insert|update|delete)\b(?:[^;]{0,2000}?\b(?:from|into)\b|(?<=update))"
    r"\s{1,20}[\"`\[]?(?:\w{1,60}[\"`\]]?\.[\"`\[]?)?(\w{1,60})",
    re.IGNORECASE,
)
_MEANS = {
    "401": "not signed in",
    "402": "payment needed",
    "403": "not allowed",
    "404": "not there",
    "408": "too slow",
    "409": "it no longer matched",
    "410": "no longer there",
    "413": "too large",
    "422": "not accepted",
    "429": "too many tries",
    "502": "down or too busy",
    "503": "down or too busy",
    "504": "too slow",
}
_STATES = {
    "foreground": "switched to the app",
    "active": "switched to the app",
    "background": "left the app",
}
_SAID = {
    "NETWORK_LOST": "the connection is lost",
    "NETWORK_AVAILABLE": "there is a connection",
    "LOW_MEMORY": "memory is low",
    "UIApplicationDidReceiveMemoryWarningNotification": "memory is low",
}
_LEFT = frozenset(("paused", "stopped", "destroyed", "detached", "viewWillDisappear"))
_ASKED = frozenset(("http", "fetch", "xhr", "httplib", "net.http"))
_READING = frozenset(("", "GET", "HEAD", "OPTIONS"))

_NAMED = re.compile(
    r"\[(?:aria-label|title|alt|name|placeholder|data-(?:testid|test-id|test|cy|qa)"
    r"|data-sentry-component)=[\"']?([^\"'\]]{1,80})"
)
_LED = re.compile(r"\ba(?=[.#\[])[^>]{0,300}\[href=[\"']?([^\"'\]]{1,200})")
_ATTRIBUTE = re.compile(r"\[[^\]]{0,200}\]")
_SEGMENT = re.compile(r"^([a-zA-Z][\w-]{0,40})?((?:[#.][\w-]{1,80}){0,20})")
_MARK = re.compile(r"([#.])([\w-]{1,80})")
_VARIANT = re.compile(
    r"\.[\w/-]{0,40}:[^.\s>]{0,60}|\.-?[\w-]{0,20}\d\.5|\.[\w-]{1,30}-\[[^\]]{0,60}\]"
)
_HASHED = re.compile(
    r"(?:ember|radix|headlessui|mui|jss|svelte|chakra|ant|v|ng|css|sc|emotion)-?:?\w{0,24}\d"
    r"|[a-z]{1,4}[A-Z][a-zA-Z]{0,2}[A-Z]\w{0,12}$|\w{0,4}\d\w{0,3}[a-zA-Z]\d\w{0,12}$"
)
_TAIL = re.compile(r"__[\w-]{4,8}$|_[a-zA-Z0-9]{5,6}$(?<=\d.)|--[\w-]{1,40}$")
_AFFIX = re.compile(
    r"^(?:(?:btn|button|id|did ?tap|on|handle|iv|tv|ll|img|fab)(?= ))|(?<= )(?:btn|clicked|pressed"
    r"|tapped|action|activity|fragment|view controller|screen)$",
    re.IGNORECASE,
)
_PARTS = {"button": "a button", "a": "a link", "input": "a field", "select": "a list"}
_LOOKS = re.compile(
    r"(?:btn|button|link|active|primary|secondary|success|danger|warning|light|dark|icon|label"
    r"|large|small"
    r"|sm|md|lg|xs|outline|flex|grid|row|col)$"
    r"|(?:btn|css|sc|is|has|js|[wmphgz]|p[xytblr]|m[xytblr]|text|bg|border|flex|grid|col|icon|items"
    r"|justify|rounded|shadow|gap|space|font|leading|tracking|cursor|transition|duration|ease|min"
    r"|max|top|left|right|bottom|inset|overflow|self|opacity|ring|focus|d|fs|fw|fa|mat|mdc|v|q|el"
    r"|ant|ui|tw|outline|primary|secondary|Mui\w{1,30})-|(?:inline|block|relative|absolute"
    r"|fixed|hidden|visible|rounded|shadow|sticky"
    r"|border|transition|truncate|uppercase|group|peer|ripple|disabled|selected|open|focus)"
    r"(?:-(?:xs|sm|md|lg|xl|xxl|\dxl|up|down|top|bottom|left|right|start|end|all|none|full|flex"
    r"|block|grid|table|inline|colors|hover|focus|checked|\d{1,4})){0,3}$",
    re.IGNORECASE,
)
_ACTIVE = frozenset(("button", "a", "input", "select", "textarea", "label", "summary", "option"))
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|[_\-.]+")
_TOUCHED = re.compile(r"^Touch event within element: ?")


def spoken(crumb: Breadcrumb, event: Event) -> Spoken:
    """The crumb in words; `event` tells on whose side it was noted."""
    kind = (crumb.category or crumb.type or "").lower()
    on_client = side_of(event) in CLIENT
    for start, did in _DEEDS:
        if kind.startswith(start) and (on_client or kind != "route"):
            words = "left" if did == "saw" and crumb.data.get("state") in _LEFT else did
            return Spoken(Actor.CUSTOMER, words, _thing(crumb, words), has_failed=_failed(crumb))
    came = _STATES.get(str(crumb.data.get("state"))) if kind == "app.lifecycle" else None
    if came:
        return Spoken(Actor.CUSTOMER, came, "")
    actor = _actor(event)
    if kind in _ASKED or (crumb.type == "http" and crumb.data.get("url")):
        return _asked(crumb, actor)
    noted = next((words for start, words in _NOTES if kind.startswith(start)), None)
    stored = _STORED.match(crumb.message or "") if noted == "asked the data store" else None
    if stored:
        done = _DONE[stored[1].lower()]
        return Spoken(actor, done, _spaced(stored[2]), has_failed=_failed(crumb))
    words = noted or _WROTE.get(crumb.level or "", "noted")
    return Spoken(actor, words, _said(crumb), has_failed=_failed(crumb))


def _actor(event: Event) -> Actor:
    side = side_of(event)
    if side is Side.DEVICE:
        return Actor.APP
    return Actor.PAGE if side in CLIENT else Actor.SERVER


def _failed(crumb: Breadcrumb) -> bool:
    return crumb.level in ("error", "fatal", "critical")


def _said(crumb: Breadcrumb) -> str:
    told = told_by(crumb)
    if told:
        return told
    action = str(crumb.data.get("action") or "")
    if action in _SAID:
        return _SAID[action]
    known = (f"{name}: {value}" for name, value in crumb.data.items() if value not in (None, ""))
    return ", ".join(known) or (crumb.category or "")


def _thing(crumb: Breadcrumb, words: str) -> str:
    """What was clicked, or where the way led."""
    if words == "went to":
        way = crumb.data.get("to") or crumb.message
        return address(str(way)) if way else _said(crumb)
    if words in ("saw", "left"):
        screen = crumb.data.get("screen") or crumb.message
        return _screen(str(screen)[:200]) if screen else _said(crumb)
    told = crumb.data.get("label") or crumb.data.get("accessibilityIdentifier")
    named = told or crumb.message or crumb.data.get("view.id")
    return label_of(str(named)) if named else _said(crumb)


def _asked(crumb: Breadcrumb, actor: Actor) -> Spoken:
    sent = crumb.data
    method = str(sent.get("method") or sent.get("http.method") or "").upper()
    known = (sent.get("status_code"), sent.get("http.response.status_code"))
    status = next((str(one) for one in known if one is not None), "")
    words = "asked for" if method in _READING else "sent to"
    silent = status == "0"
    code = int(status) if status.isascii() and status.isdigit() and len(status) == 3 else None
    answered = "it" if actor is Actor.SERVER else "the server"
    failed = _failed(crumb) or silent or (code is not None and code >= 400)
    outcome = ""
    if code is not None and code >= 400:
        means = _MEANS.get(status) or ("it failed" if code >= 500 else "")
        if actor is Actor.SERVER and code in (401, 403):
            means = "it did not let us in"
        outcome = f"{answered} answered {code}{f' ({means})' if means else ''}"
    elif failed and code is None:
        outcome = "no response"
    elif code is not None and words == "sent to":
        outcome = f"{answered} answered" if code < 300 else ""
    where = address(str(sent["url"])) if sent.get("url") else _said(crumb)
    named = str(sent.get("graphql.operation") or sent.get("operationName") or "")[:80]
    return Spoken(actor, words, f"{where} ({named})" if named else where, outcome, failed)


def _screen(name: str) -> str:
    """`CheckoutActivity` is `Checkout`."""
    bare = re.split(r"[.<:/]", name.strip("<>/"))[-1] or name
    return re.sub(r"(?<=[a-z])(?:Activity|Fragment|ViewController|Screen|Page)$", "", bare)


def address(url: str) -> str:
    """The address without its scheme and without what stands behind `?` and `#`."""
    try:
        parts = urlsplit(url[:2000])
    except ValueError:
        return url
    return f"{parts.netloc}{parts.path}" or url


def label_of(target: str) -> str:
    """What a person would call the clicked thing: `button.pay-now > span` is `pay now`.

    A text that is no selector stays as it is.
    """
    target = _TOUCHED.sub("", target.strip())[:2000]
    named = _NAMED.findall(target)
    if named:
        return _spaced(named[-1])
    if led := _LED.findall(target):
        return f"the link to {address(led[-1])}"
    target = _VARIANT.sub("", target)
    if " " in target and not re.search(r"[>#.\[]", target):
        return target
    chain = [_ATTRIBUTE.sub("", segment).strip() for segment in target.split(">")]
    active = [part for part in chain if _SEGMENT.sub("", part) == "" and _tag(part) in _ACTIVE]
    for part in (*reversed(active), *reversed(chain)):
        marks = [name for _sign, name in sorted(_MARK.findall(part), key=lambda mark: mark[0])]
        telling = [_bare(name) for name in marks if _tells(name)]
        if telling and _SEGMENT.fullmatch(part):
            return _spaced(telling[0])
    tag = _tag(active[-1]) if active else ""
    if tag in _PARTS and re.search(r"[>#.\[]", target):
        return _PARTS[tag]
    return _spaced(target.rstrip(":")) if re.fullmatch(r"[\w:.\-]{1,80}", target) else target


def _bare(name: str) -> str:
    """The name without the word for a button that stands before it."""
    return re.sub(r"^(?:btn|button|link|js)[-_](?=[a-z]{3})", "", _TAIL.sub("", name))


def _tells(name: str) -> bool:
    """Whether somebody gave the name to say what the thing is for, not how it looks."""
    return not _LOOKS.match(_bare(name)) and not _HASHED.match(name)


def _tag(part: str) -> str:
    found = _SEGMENT.match(part)
    return (found[1] or "").lower() if found else ""


def _spaced(name: str) -> str:
    words = _CAMEL.sub(" ", name).strip()
    bare = words
    for _ in range(2):
        bare = _AFFIX.sub("", bare).strip() or bare
    return words if " " in name else bare.lower() or name


# The customer's story: the breadcrumbs of all events in one line of time, each of them once.

_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A breadcrumb in its place: when, and the how manieth of all that were read.

    It stands with the event it is nearest to; `behind` crumbs of that event come after it.
    `leads` is whether its issue is told by that event.
    """

    crumb: Breadcrumb
    event: Event
    place: tuple[datetime, int]
    behind: int
    leads: bool


def all_told(events: Sequence[tuple[Event, bool]]) -> Iterator[Told]:
    """Every crumb of these events; of each event is said whether its issue is told by it.

    A crumb without a time stands where the one before it does, the first with its event.
    """
    number = 0
    for event, leads in sorted(events, key=lambda pair: (pair[0].timestamp, pair[0].id)):
        crumbs = event.body.breadcrumbs if event.body else ()
        dated = next((crumb.timestamp for crumb in crumbs if crumb.timestamp), event.timestamp)
        for index, crumb in enumerate(crumbs):
            dated = crumb.timestamp or dated
            number += 1
            yield Told(crumb, event, (dated, number), len(crumbs) - 1 - index, leads)


def merged(told: Iterable[Told]) -> list[Told]:
    """Each crumb once, oldest first: events of one visit carry the same ones.

    Equal ones inside one event happened more than once, and stay.
    """
    best: dict[_Key, Told] = {}
    seen: Counter[_Key] = Counter()
    for one in told:
        crumb = one.crumb
        same = (crumb.timestamp, crumb.category, crumb.level, crumb.message, str(crumb.data))
        seen[(one.event.id, *same)] += 1
        key = (*same, seen[(one.event.id, *same)])
        known = best.get(key)
        if known is None or (one.leads, -one.behind) > (known.leads, -known.behind):
            best[key] = one
    return sorted(best.values(), key=lambda one: one.place)


def step_times(events: Sequence[Event]) -> tuple[datetime, ...]:
    """When the customer did something (UTC, in order); a step without a time cannot be placed."""
    told = merged(all_told([(event, False) for event in events]))
    return tuple(sorted(one.crumb.timestamp for one in told if one.crumb.timestamp))
