"""One breadcrumb in words an agent can say: who did what, and what came of it.

The words are ours. What is quoted beside them is the event's own text, which stays text.
"""

import re
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from apps.events.breadcrumbs import told_by
from apps.events.clues import CLIENT, side_of
from apps.events.event import Breadcrumb, Event


class Actor(Enum):
    """Who did it."""

    CUSTOMER = "customer"
    PAGE = "page"
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
    ("ui.multiclick", "clicked again and again on"),
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
    ("query", "asked the database"),
    ("db", "asked the database"),
    ("redis", "asked the store"),
    ("cache", "asked the store"),
    ("exception", "noted an error"),
    ("error", "noted an error"),
    ("sentry.event", "noted an error"),
    ("device.", "the device said"),
)
_ASKED = frozenset(("http", "fetch", "xhr", "httplib", "net.http"))
_READING = frozenset(("", "GET", "HEAD", "OPTIONS"))

_NAMED = re.compile(
    r"\[(?:aria-label|title|alt|name|placeholder|data-testid|data-test-id|data-sentry-component)"
    r"=[\"']?([^\"'\]]{1,80})"
)
_ATTRIBUTE = re.compile(r"\[[^\]]{0,200}\]")
_SEGMENT = re.compile(r"^([a-zA-Z][\w-]{0,40})?((?:[#.][\w-]{1,80}){0,20})")
_MARK = re.compile(r"([#.])([\w-]{1,80})")
_LOOKS = re.compile(
    r"(?:btn|button|link|active|primary|secondary|icon|label|large|small|flex|grid|row|col)$"
    r"|(?:btn|css|sc|is|has|js|[wmphg]|p[xytb]|m[xytb]|text|bg|border|flex|grid|col|icon)-",
    re.IGNORECASE,
)
_ACTIVE = frozenset(("button", "a", "input", "select", "textarea", "label", "summary", "option"))
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|[_\-.]+")
_TOUCHED = re.compile(r"^Touch event within element: ?")


def spoken(crumb: Breadcrumb, event: Event) -> Spoken:
    """The crumb in words; `event` tells on whose side it was noted."""
    kind = (crumb.category or crumb.type or "").lower()
    on_client = side_of(event) in CLIENT
    for start, words in _DEEDS:
        if kind.startswith(start) and (on_client or kind != "route"):
            return Spoken(Actor.CUSTOMER, words, _thing(crumb, words), has_failed=_failed(crumb))
    actor = Actor.PAGE if on_client else Actor.SERVER
    if kind in _ASKED or (crumb.type == "http" and crumb.data.get("url")):
        return _asked(crumb, actor)
    words = next((words for start, words in _NOTES if kind.startswith(start)), "noted")
    return Spoken(actor, words, _said(crumb), has_failed=_failed(crumb))


def _failed(crumb: Breadcrumb) -> bool:
    return crumb.level in ("error", "fatal", "critical")


def _said(crumb: Breadcrumb) -> str:
    told = told_by(crumb)
    if told:
        return told
    known = (f"{name}: {value}" for name, value in crumb.data.items() if value not in (None, ""))
    return ", ".join(known) or (crumb.category or "")


def _thing(crumb: Breadcrumb, words: str) -> str:
    """What was clicked, or where the way led."""
    if words in ("went to", "saw"):
        way = crumb.data.get("to") or crumb.data.get("screen") or crumb.message
        return address(str(way)) if way else _said(crumb)
    named = crumb.message or crumb.data.get("view.id") or crumb.data.get("label")
    return label_of(str(named)) if named else _said(crumb)


def _asked(crumb: Breadcrumb, actor: Actor) -> Spoken:
    sent = crumb.data
    method = str(sent.get("method") or sent.get("http.method") or "").upper()
    status = str(sent.get("status_code") or sent.get("http.response.status_code") or "")
    words = "asked for" if method in _READING else "sent to"
    code = int(status) if status.isascii() and status.isdigit() and len(status) == 3 else None
    answered = "the server" if actor is Actor.PAGE else "it"
    failed = _failed(crumb) or (code is not None and code >= 400)
    outcome = ""
    if code is not None and code >= 400:
        outcome = f"{answered} answered {code}"
    elif failed and code is None:
        outcome = "no answer came"
    elif code is not None and words == "sent to":
        outcome = f"{answered} said yes" if code < 300 else ""
    where = address(str(sent["url"])) if sent.get("url") else _said(crumb)
    return Spoken(actor, words, where, outcome, failed)


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
    if " " in target and not re.search(r"[>#.\[]", target):
        return target
    chain = [_ATTRIBUTE.sub("", segment).strip() for segment in target.split(">")]
    active = [part for part in chain if _SEGMENT.sub("", part) == "" and _tag(part) in _ACTIVE]
    for part in (*reversed(active), *reversed(chain)):
        marks = [name for _sign, name in sorted(_MARK.findall(part), key=lambda mark: mark[0])]
        telling = [name for name in marks if not _LOOKS.match(name)]
        if telling and _SEGMENT.fullmatch(part):
            return _spaced(telling[0])
    return _spaced(target.rstrip(":")) if re.fullmatch(r"[\w:.\-]{1,80}", target) else target


def _tag(part: str) -> str:
    found = _SEGMENT.match(part)
    return (found[1] or "").lower() if found else ""


def _spaced(name: str) -> str:
    words = _CAMEL.sub(" ", name).strip()
    return words if " " in name else words.lower() or name
