"""One row of the tables of plain words, and how it is held against an event.

A rule fits a clue when one of the things it looks at is there and all its conditions hold.
Patterns read small letters and are bounded, so that a text costs no more than its length.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo
from apps.events.query import known_zones

# What the rules of plain words look at: an event as a few short lines in small letters.

_MOST_TEXT = 500
_MOST_CAUSES = 6
_INNERMOST = 3


class Side(Enum):
    """Who ran the program that failed."""

    SERVER = "server"
    BROWSER = "browser"
    DEVICE = "device"
    UNKNOWN = "unknown"


CLIENT = frozenset((Side.BROWSER, Side.DEVICE))


@dataclass(frozen=True, slots=True)
class Clue:
    """One line that tells of the failure: an exception, the title or the message.

    `line` is `type: message`, `name` the bare name of the type, `calls` its module and innermost
    functions, `file` the address of the file it was raised in;
    `paying`: it speaks of a payment service.
    """

    line: str
    name: str
    side: Side
    status: int | None
    paying: bool
    calls: str
    mechanism: str
    file: str = ""


_SIDES = {
    "javascript": Side.BROWSER,
    "cocoa": Side.DEVICE,
    "objc": Side.DEVICE,
    "swift": Side.DEVICE,
    "android": Side.DEVICE,
    "dart": Side.DEVICE,
    "flutter": Side.DEVICE,
    "unity": Side.DEVICE,
    "unreal": Side.DEVICE,
    **dict.fromkeys(
        (
            *("python", "node", "php", "ruby", "go", "elixir", "perl", "cfml"),
            *("groovy", "haskell", "scala"),
        ),
        Side.SERVER,
    ),
}
_ANYWHERE = ("java", "csharp", "native", "c", "rust", "kotlin")

_STATUS = re.compile(
    r"\b(?:status(?:code)?|status code(?: of)?|http(?:error|/[12](?:\.\d)?)?|code|returned"
    r"|responded with|answered)[ =:(]{1,3}([45]\d\d)\b"
    r"|\b([45]\d\d)[:,]? (?:client|server) error|[:(] ?([45]\d\d)[ )]|\(([45]\d\d): "
    r"|(?:^|[ :])\[([45]\d\d)\]"
    r"|: ([45]\d\d)$|(?:felkod|fehlercode|feilkode|foutcode|code d.erreur|c.digo|codice|kod[u]?)"
    r"[ :=]{1,3}([45]\d\d)\b"
    r"|\b([45]\d\d) (?:bad|unauthorized|payment|forbidden|not found|method|conflict"
    r"|gone|unprocessable|too many|internal|service|gateway)"
)
_PAYING = re.compile(
    r"payments?\b|\bpay\b|payout|stripe|paypal|klarna|adyen|braintree|mollie|worldpay|cardgate"
    r"|card.?gateway|\bcharges?\b|charging|swish|payment_intent"
)
_RPC = re.compile(
    r"(?:rpc|statuscode|\[\w{1,30}/).{0,60}?\b"
    r"(?:(?P<s503>unavailable)|(?P<s504>deadline_?exceeded)|(?P<s429>resource_?exhausted))\b"
)
_INSIDE = re.compile(
    r"(?:^|: |nested exception is |caused by:? )"
    r"((?:[A-Za-z_]\w{0,60}[.\\]){0,8}[A-Z]\w{0,80}(?:Exception|Error))(?:: |$)"
)
_NO_ANSWER = re.compile(r"failed to fetch|\bload failed|network ?error|network request failed")
_GONE = re.compile(r"\boffline\b|\bnone\b|network_lost|unavailable|disconnected")
_TITLE = re.compile(r"([^\s:]{1,120}(?:::[^\s:]{1,80}){0,6})(?:: |$)")


def side_of(event: Event) -> Side:
    """Who ran the program, from the platform and what the SDK knows of its surroundings."""
    contexts = event.body.contexts if event.body else {}
    if "app" in contexts or "unity" in contexts or "react_native_context" in contexts:
        return Side.DEVICE
    platform = (event.platform or "").lower().split("-")[0]
    if platform == "javascript" and event.body and _is_an_app(event.body):
        return Side.DEVICE
    if platform in _ANYWHERE and event.body:
        return _side_of_anywhere(platform, event.body)
    return _SIDES.get(platform, Side.UNKNOWN)


def _is_an_app(body: EventBody) -> bool:
    """Whether no browser ran the web's language: an app of React Native or Electron."""
    if "browser" in body.contexts or body.request:
        return False
    frames = (frame for one in body.exceptions[:1] for frame in one.frames)
    return "device" in body.contexts or any((one.file or "").startswith("app:") for one in frames)


def _side_of_anywhere(platform: str, body: EventBody) -> Side:
    """A language that runs on phones, desks and servers; managed ones are servers' by default."""
    if "device" in body.contexts:
        return Side.DEVICE
    native = platform in ("native", "c") and "runtime" not in body.contexts
    return Side.UNKNOWN if native and not body.request else Side.SERVER


def clues(event: Event) -> list[Clue]:
    """The lines about the failure, surest first: what was raised, title, message, its causes."""
    side = side_of(event)
    body = event.body or EventBody()
    tags = dict(body.tags)
    mechanism = tags.get("mechanism", "").lower()
    called = _last_call(body.breadcrumbs)
    found = []
    for kind, told, calls, file in _unwrapped(_lines(event, body)):
        line = f"{kind}: {told}".lower() if kind else told.lower()
        if side in CLIENT and _NO_ANSWER.search(line):
            line += _heard(body.breadcrumbs)
        found.append(
            Clue(
                line=line,
                name=bare_name(kind),
                side=side,
                status=_status(line) or (_plain_rejection(line) and _failed(called)) or None,
                paying=bool(_PAYING.search(line) or _PAYING.search(_address(called))),
                calls=calls,
                mechanism=mechanism,
                file=file,
            )
        )
    return found


def clue_of_last_call(event: Event) -> Clue | None:
    """The call just before the failure as a clue, where it failed; it is no proof.

    What a page asked of another site than its own is none. The line names a service that our
    server asked, and nothing where a customer's program asked.
    """
    body = event.body or EventBody()
    called = _last_call(body.breadcrumbs)
    status = _failed(called)
    if status is None or event.level in ("info", "debug"):
        return None
    side = side_of(event)
    address = _address(called)
    page = body.request.url if body.request else None
    if side in CLIENT and page and _owner(address, page) != _owner(page.lower(), page):
        return None
    return Clue(
        line="" if side in CLIENT else urlsplit(address).netloc,
        name="",
        side=side,
        status=status,
        paying=bool(_PAYING.search(address)),
        calls="",
        mechanism="",
    )


def _owner(address: str, page: str) -> str:
    """The last two names of the server, the page's for an address without one."""
    server = urlsplit(urljoin(page.lower(), address)).hostname or ""
    return ".".join(server.split(".")[-2:])


def bare_name(kind: str) -> str:
    """`System.Net.Http.HttpRequestException` is `httprequestexception`, in any language."""
    return re.split(r"[.\\/$]|::", kind.strip("*").split("<")[0])[-1].lower()


def _lines(event: Event, body: EventBody) -> Iterator[tuple[str, str, str, str]]:
    raised, causes = body.exceptions[:1], body.exceptions[1 : 1 + _MOST_CAUSES]
    yield from map(_exception, raised)
    for text in (event.title, event.message, body.message):
        cut = (text or "")[:_MOST_TEXT]
        if match := _TITLE.match(cut):
            yield match[1], cut[match.end() :], "", ""
        elif cut:
            yield "", cut, "", ""
    yield from map(_exception, causes)


def _unwrapped(
    lines: Iterator[tuple[str, str, str, str]],
) -> Iterator[tuple[str, str, str, str]]:
    """Each line, then the error that it quotes: `ExecutionException: java.io.IOException: no`."""
    for line in lines:
        yield line
        if match := _INSIDE.search(line[1]):
            yield match[1], line[1][match.end() :], "", ""


def _heard(crumbs: tuple[Breadcrumb, ...]) -> str:
    """Why a call got no answer, where the steps before it tell; in words of our own."""
    for crumb in reversed(crumbs[-8:]):
        told = f"{crumb.message} {' '.join(map(str, crumb.data.values()))}"[:_MOST_TEXT].lower()
        if crumb.category in ("device.connectivity", "network.event"):
            return " (offline)" if _GONE.search(told) else ""
        if crumb.category == "console" and "blocked by cors" in told:
            return " (cors)"
    return ""


def _exception(one: ExceptionInfo) -> tuple[str, str, str, str]:
    calls = " ".join(
        (one.module or "", *(frame.function or "" for frame in one.frames[:_INNERMOST]))
    )
    file = (one.frames[0].file or "") if one.frames else ""
    return (
        (one.type or "")[:200],
        (one.value or "")[:_MOST_TEXT],
        calls.lower()[:_MOST_TEXT],
        file.lower()[:_MOST_TEXT],
    )


def _status(line: str) -> int | None:
    if match := _STATUS.search(line):
        return int(next(group for group in match.groups() if group))
    called = _RPC.search(line)
    return int(called.lastgroup[1:]) if called and called.lastgroup else None


def _plain_rejection(line: str) -> bool:
    """A page that failed with no error of its own: the call before it is what failed."""
    return "promise rejection" in line


def _last_call(crumbs: tuple[Breadcrumb, ...]) -> Breadcrumb | None:
    """The call to a server just before the failure."""
    return next((crumb for crumb in reversed(crumbs[-3:]) if crumb.data.get("url")), None)


def _address(call: Breadcrumb | None) -> str:
    return str(call.data["url"])[:200].split("?")[0].lower() if call else ""


def _failed(call: Breadcrumb | None) -> int | None:
    status = str((call and call.data.get("status_code")) or "")[:4]
    return int(status) if re.fullmatch(r"[45]\d\d", status) else None


# What the customer was trying, told by the words of an address, a page's name or a click.


class Deed(Enum):
    """Something customers do."""

    PAYING = "paying"
    CHECKING_OUT = "checking out"
    CART = "using the cart"
    SIGNING_IN = "signing in"
    SIGNING_UP = "signing up"
    UPLOADING = "sending a file"
    INVOICE = "opening an invoice"
    BOOKING = "booking"
    ORDERING = "placing an order"
    ORDERS = "looking at orders"
    REPORT = "opening a report"
    MESSAGES = "using messages"
    NOTICES = "using alerts"
    ACCOUNT = "using the account pages"
    SEARCHING = "searching"


@dataclass(frozen=True, slots=True)
class _Words:
    """Words that tell of a deed, and of another one when something was sent; None is no deed."""

    words: str
    deed: Deed | None
    sent: Deed | None = None


# The first row that fits tells; payment comes before the order that is paid.
_TABLE = (
    _Words(r"refunds?", None),
    _Words(r"pay|payments?|purchase", Deed.PAYING),
    _Words(r"checkout", Deed.CHECKING_OUT),
    _Words(r"billing", Deed.ACCOUNT, sent=Deed.PAYING),
    _Words(r"place (?:the |an |your )?order|order now|submit order", Deed.ORDERING),
    _Words(r"cart|basket", Deed.CART),
    _Words(r"(?<!wp )log ?in|log ?on|sign ?in|oauth|sso", Deed.SIGNING_IN),
    _Words(r"sessions?", None, sent=Deed.SIGNING_IN),
    _Words(r"register|registration|sign ?up", Deed.SIGNING_UP),
    _Words(r"uploads?|attachments?", Deed.UPLOADING),
    _Words(r"invoices?", Deed.INVOICE),
    _Words(r"bookings?|reservations?|reserve|appointments?", Deed.BOOKING),
    _Words(r"orders?", Deed.ORDERS, sent=Deed.ORDERING),
    _Words(r"exports?|reports?", Deed.REPORT),
    _Words(r"messages?|chats?|inbox", Deed.MESSAGES),
    _Words(r"notifications?", Deed.NOTICES),
    _Words(r"profile|account|settings|preferences", Deed.ACCOUNT),
    _Words(r"search", Deed.SEARCHING),
)
_PATTERNS = tuple((re.compile(rf"\b(?:{row.words})\b"), row) for row in _TABLE)
_NOT_THE_CUSTOMER = re.compile(
    r"\b(?:web ?)?hooks?\b|\bcallbacks?\b|\bcron\b|\bjobs?\b|\btasks?\b"
    r"|\bworkers?\b|\bsidekiq\b"
)
_WORD = re.compile(r"[A-Z]?[a-z]{1,40}|[A-Z]{1,40}")
_WAYS = frozenset(("navigation", "ui.click", "ui.tap", "touch", "ui.multiClick"))


def deed_of(event: Event) -> Deed | None:
    """What the customer tried; None for work that no customer waits for, or without a clue."""
    request = event.body.request if event.body else None
    method = (request.method if request else None) or (event.transaction or "").split(" ")[0]
    if not request and side_of(event) not in CLIENT and "/" not in (event.transaction or ""):
        return None
    if is_behind_the_scenes(event):
        return None
    for words in _words_told(event):
        row = next((row for pattern, row in _PATTERNS if pattern.search(words)), None)
        if row:
            return row.sent if row.sent and method.upper() in ("POST", "PUT") else row.deed
    return None


def is_behind_the_scenes(event: Event) -> bool:
    """Whether it is work that no customer waits for: a job, a call from another service."""
    return any(_NOT_THE_CUSTOMER.search(words) for words in _words_told(event))


def _words_told(event: Event) -> list[str]:
    return [" ".join(_WORD.findall(text[:300])).lower() for text in _told(event)]


def _told(event: Event) -> Iterator[str]:
    if event.transaction:
        yield event.transaction
    if event.body is None:
        return
    if event.body.request and event.body.request.url:
        yield _path(event.body.request.url)
    last = next((one for one in reversed(event.body.breadcrumbs) if one.category in _WAYS), None)
    if last:
        yield _way(last)


def _path(url: str) -> str:
    """The address without its server and what stands behind `?` and `#`."""
    return re.split(r"[?#]", re.sub(r"^[a-z]{2,10}://[^/?#]{0,253}", "", url[:600]))[0]


def _way(crumb: Breadcrumb) -> str:
    return _path(str(crumb.data.get("to") or crumb.data.get("view.id") or crumb.message or ""))


__all__ = ["CLIENT", "ON_SERVER", "Deed", "Example", "Rule", "Side", "Where", "names"]

ON_SERVER = frozenset((Side.SERVER,))


class Where(Enum):
    """The place where it failed, as a page may say it."""

    SERVER = "our server"
    SERVICE = "another service"
    NETWORK = "the customer's connection"
    BROWSER = "the customer's browser"
    DEVICE = "the customer's device"
    APP = "the app itself"


@dataclass(frozen=True, slots=True)
class Example:
    """The shape of an event that only its rule tells first: `Type: message` and the platform."""

    title: str
    platform: str = "python"
    message: str | None = None
    mechanism: str | None = None
    function: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A sentence, and what it is told from.

    `{Us}` and `{us}` in the sentence become our server, the page, the app or the program.
    `where` is None where the failing program itself is the place.

    It looks at: `types`, bare names of exceptions; `says`, a pattern for the line `type: message`;
    `statuses` of HTTP; `calls`, a pattern for an exception's module and innermost functions;
    `files`, one for the address of the file it was raised in; `mechanisms` of the SDK. Conditions:
    `sides`, and `paying` for a line that speaks of a payment service. `vague` rules are asked only
    when no other fits any part of the event; `broad` ones say too little to count as specific; a
    `slight` failure is seldom what a customer means, so that others come first. `deed` is what the
    sentence tells already, so that it is not said twice.
    """

    sentence: str
    where: Where | None
    example: Example
    says: str = ""
    types: frozenset[str] = frozenset()
    statuses: frozenset[int] = frozenset()
    calls: str = ""
    files: str = ""
    mechanisms: frozenset[str] = frozenset()
    sides: frozenset[Side] = frozenset()
    paying: bool = False
    vague: bool = False
    broad: bool = False
    slight: bool = False
    deed: Deed | None = None

    def fits(self, clue: Clue) -> bool:
        """Whether the rule tells what the clue means."""
        return self._may(clue) and (self._is_named(clue) or self._reads(clue))

    def _may(self, clue: Clue) -> bool:
        return (not self.sides or clue.side in self.sides) and (not self.paying or clue.paying)

    def _is_named(self, clue: Clue) -> bool:
        return (
            clue.name in self.types
            or clue.status in self.statuses
            or clue.mechanism in self.mechanisms
        )

    def _reads(self, clue: Clue) -> bool:
        if self.says and _pattern(self.says).search(clue.line):
            return True
        if self.files and _pattern(self.files).search(clue.file):
            return True
        return bool(self.calls and _pattern(self.calls).search(clue.calls))

    def core(self, side: Side) -> str:
        """The sentence for this side, without what the customer tried."""
        us = _US[side]
        return self.sentence.replace("{Us}", us[0].upper() + us[1:]).replace("{us}", us)

    def place(self, side: Side) -> Where:
        """Where it failed."""
        if self.where in (Where.BROWSER, Where.DEVICE) and side in CLIENT:
            return Where.DEVICE if side is Side.DEVICE else Where.BROWSER
        if self.where:
            return self.where
        return Where.SERVER if side is Side.SERVER else Where.APP


_US = {
    Side.SERVER: "our server",
    Side.BROWSER: "the page",
    Side.DEVICE: "the app",
    Side.UNKNOWN: "the program",
}


def names(listed: str) -> frozenset[str]:
    """The names in a text, for tables that are to be read."""
    return frozenset(listed.lower().split())


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """Only the tables' own patterns get here, so this cannot grow."""
    return re.compile(text)


# What the customer's device was, in a few words, from what the SDK noted of it.


def device_of(body: EventBody) -> str | None:
    """`Chrome 118.0, Windows 10` or `iPhone 14, iOS 17.1`; None when nothing is known.

    For a server's event it is the server's runtime and system: `CPython 3.11.7, Linux 5.15`.
    """
    contexts = body.contexts
    device = contexts.get("device", {})
    first = _named(contexts.get("browser", {})) or _model(device) or _named(contexts.get("runtime"))
    parts = [first, _named(contexts.get("client_os")) or _named(contexts.get("os"))]
    return ", ".join(part for part in parts if part) or None


def _named(context: Mapping[str, object] | None) -> str:
    """Name and version of a browser, a system or a runtime."""
    known = context or {}
    words = [_word(known.get("name")), _word(known.get("version"))]
    return " ".join(filter(None, words)) if words[0] else ""


def _model(device: Mapping[str, object]) -> str:
    """What a phone calls itself; a family such as "iPhone" is what is left of it on the web."""
    return _word(device.get("model")) or _word(device.get("family")) or _word(device.get("name"))


def _word(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int | float) else ""


def zone_of_customer(events: Iterable[Event]) -> ZoneInfo | None:
    """The zone that the customer's own browser or device names, if all that name one agree.

    A server's zone says nothing about a customer.
    """
    named = {name for event in events if side_of(event) in CLIENT for name in _zones_named(event)}
    known = named & known_zones()
    return ZoneInfo(known.pop()) if len(known) == 1 else None


def _zones_named(event: Event) -> Iterable[str]:
    contexts = event.body.contexts if event.body else {}
    for context in ("culture", "device"):
        yield _word(contexts.get(context, {}).get("timezone"))
