"""The rules of plain words: how a rule matches an event, and what it finds in one.

Patterns are in lowercase and bounded, so that matching takes linear time.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from functools import cache, cached_property
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo
from apps.events.once import found_once
from apps.events.patterns import PatternFile
from apps.events.query import iana_zones
from apps.events.rules.names import statement_of, without_names, without_what_failed_to_load

# Where the program ran


class Side(Enum):
    """Where the failed program ran."""

    SERVER = "server"
    BROWSER = "browser"
    DEVICE = "device"
    UNKNOWN = "unknown"


CLIENT = frozenset((Side.BROWSER, Side.DEVICE))

_FILE = PatternFile.read("rules/rule.toml")
_SIDES = {
    platform: Side(side) for side, names in _FILE.tables["sides"].items() for platform in names
}
_ANY_SIDE_PLATFORMS = frozenset(("java", "csharp", "native", "c", "rust", "kotlin"))
_APP_CONTEXTS = frozenset(("unity", "react_native_context", "electron", "flutter_context"))
_APP_SDK = _FILE.compile("app_sdk")
_JAVASCRIPT_SERVER = _FILE.compile("javascript_server")
_DOTNET_SERVER = re.compile(r"asp|functions|grpc")
_APP_PAGE = _FILE.compile("app_page")
_APP_FRAME = _FILE.compile("app_frame")
_SERVER_FRAME = _FILE.compile("server_frame")


@found_once
def side_of(event: Event) -> Side:
    """Return where the program ran, as far as the event says so.

    The contexts `app` and `device` alone say little: SDKs of servers send them too, and Sentry
    adds the customer's device to the request of a server.
    """
    body = event.details
    platform = (event.platform or "").lower().split("-")[0]
    if _is_app(body, platform):
        return Side.DEVICE
    if platform == "javascript" and _is_worker(body):
        return Side.SERVER
    if platform not in _ANY_SIDE_PLATFORMS or event.body is None:
        return _SIDES.get(platform, Side.UNKNOWN)
    if body.request or _DOTNET_SERVER.search(_sdk(body)) or _has_frame(_SERVER_FRAME, body):
        return Side.SERVER
    # A desktop program, a job, or a tool.
    is_unclear = body.contexts.keys() & {"app", "device"} or (
        "sentry.dotnet" in _sdk(body) and _name(body, "os") in ("windows", "macos")
    )
    is_native = platform in ("native", "c") and "runtime" not in body.contexts
    return Side.UNKNOWN if is_unclear or is_native else Side.SERVER


def _is_app(body: EventBody, platform: str) -> bool:
    """Return whether it is a program on the customer's device other than a page in a browser."""
    app, page = body.contexts.get("app", {}), body.request.url if body.request else None
    if platform == "javascript" and "flutter" in _sdk(body):
        return False  # Flutter in a browser
    return bool(
        _APP_CONTEXTS & body.contexts.keys()
        or _APP_SDK.search(_sdk(body))
        or "electron" in (_name(body, "runtime"), _name(body, "browser"))
        or any(app.get(key) for key in ("app_identifier", "app_name", "app_version"))
        or (platform == "javascript" and (_is_javascript_app(body) or _APP_PAGE.match(page or "")))
        or (platform in _ANY_SIDE_PLATFORMS and _has_own_device(body))
        or (platform in ("native", "c") and app)
        or _has_frame(_APP_FRAME, body)
    )


def _is_javascript_app(body: EventBody) -> bool:
    """Return whether it is an app such as React Native's or Electron's, rather than a web page."""
    if "browser" in body.contexts or body.request or _is_worker(body):
        return False
    frames = (frame for one in body.exceptions[:1] for frame in one.frames)
    return "device" in body.contexts or any((one.file or "").startswith("app:") for one in frames)


def _is_worker(body: EventBody) -> bool:
    names = f"{_name(body, 'runtime')} {_sdk(body)}"
    return bool(_JAVASCRIPT_SERVER.search(names)) or "cloud_resource" in body.contexts


def _has_own_device(body: EventBody) -> bool:
    """Return whether the program describes its device, rather than the sender of a request."""
    if body.request or body.contexts.keys() & {"browser", "client_os"}:
        return False
    device = body.contexts.get("device", {})
    is_described = any(device.get(key) for key in ("model", "manufacturer", "brand"))
    return is_described or _name(body, "os") == "android"


def _has_frame(pattern: re.Pattern[str], body: EventBody) -> bool:
    frames = (
        one for raised in body.exceptions[:2] for one in raised.frames[:5] + raised.frames[-9:]
    )
    names = (frame.module or frame.file or frame.function or "" for frame in frames)
    return any(pattern.match(name[:80].lower()) for name in names)


def _sdk(body: EventBody) -> str:
    return _name(body, "sdk")


def _name(body: EventBody, context: str) -> str:
    return _text(body.contexts.get(context, {}).get("name")).lower()


# Symptoms: what the rules match

_MAX_TEXT = 500
_MAX_CAUSES = 6
_MAX_CALLS = 3

_STATUS = _FILE.compile("status")
_RPC = _FILE.compile("rpc")
_PAYING = _FILE.compile("paying")
_QUOTED_ERROR = _FILE.compile("quoted_error")
_NO_RESPONSE = _FILE.compile("no_response")
_NOT_ANSWERED = _FILE.compile("not_answered")
_NO_NUMBER = _FILE.compile("no_number")
_AMOUNT = _FILE.compile("amount")
FAILURE = _FILE.compile("failure")
_PAY_PATH = re.compile(r"/(?:pay|payments?|charges?|purchases?|authori[sz]e)/?$")
_OFFLINE = re.compile(r"\boffline\b|\bnone\b|network_lost|unavailable|disconnected")
_LIBRARY = re.compile(r"://|node_modules|site-packages|vendor/|/gems/")
_TITLE = re.compile(r"([^\s:]{1,120}(?:::[^\s:]{1,80}){0,6})(?:: |$)")


@dataclass(frozen=True)
class Symptom:
    """A line about the failure: an exception, the title, or a message.

    `kind` is the type of the exception, `calls` its module and innermost functions, `file` the file
    it was raised in. `is_quoted` if it was found within the text of another, and `is_code` if it is
    an error in the program's code. `call_status` and `calls_payment` are about the call before it.
    """

    side: Side
    kind: str
    message: str
    calls: str = ""
    file: str = ""
    mechanism: str = ""
    is_quoted: bool = False
    is_code: bool = False
    call_status: int | None = None
    calls_payment: bool = False

    @cached_property
    def line(self) -> str:
        """`type: message` in lowercase."""
        return _line(self.kind, self.message)

    @cached_property
    def _said(self) -> str:
        """The message, without what it only names."""
        if self.is_code:
            return without_names(self.message)
        return without_what_failed_to_load(self.message)

    @cached_property
    def text(self) -> str:
        """The line, without what it only names."""
        return _line(self.kind, self._said)

    @cached_property
    def statement(self) -> str:
        """The text of what is said to have happened."""
        said = without_what_failed_to_load(self._said) if self.is_code else self._said
        return _line(self.kind, statement_of(said))

    @cached_property
    def name(self) -> str:
        """The bare type: `httprequestexception` for `System.Net.Http.HttpRequestException`."""
        return re.split(r"[.\\/$]|::", self.kind.strip("*").split("<")[0])[-1].lower()

    @cached_property
    def status(self) -> int | None:
        """The HTTP status of the call before, or else the one that the line names."""
        if self.is_code and self._said.isdecimal():
            return None
        if self.call_status:
            return self.call_status
        if match := _STATUS.search(self.line):
            return int(next(group for group in match.groups() if group))
        rpc = _RPC.search(self.line)
        return int(rpc.lastgroup[1:]) if rpc and rpc.lastgroup else None

    @cached_property
    def paying(self) -> bool:
        """Whether it is about a payment service."""
        calls_payment = self.calls_payment and not self.is_code
        return calls_payment or bool(_PAYING.search(self.text))


def _line(kind: str, message: str) -> str:
    return f"{kind}: {message}".lower() if kind else message.lower()


def symptoms_of(event: Event) -> list[Symptom]:
    """Return the symptoms, surest first: the raised exception, title, messages, causes."""
    side, body = side_of(event), event.details
    mechanism = dict(body.tags).get("mechanism", "").lower()
    frame = body.crash_frame
    crash_code = ((frame and frame.crash_code) or "")[:_MAX_TEXT].lower()
    call = _last_call(body.breadcrumbs)
    found = []
    for one in _with_quoted_errors(_lines(event, side)):
        reason = ""
        if side in CLIENT and _NO_RESPONSE.search(one.line):
            reason = _missing_response_reason(body.breadcrumbs)
        if _NO_NUMBER.search(one.line) and _AMOUNT.search(crash_code):
            reason = " (amount)"
        if _NOT_ANSWERED.search(one.line) and _pays(event, side, call):
            reason = " (paying)"
        # A promise that was rejected without an error: the call before it failed.
        is_of_call = "promise rejection" in one.line and one.status is None
        found.append(
            replace(
                one,
                message=one.message + reason,
                mechanism=mechanism,
                call_status=_failed_status(call) if is_of_call else None,
                calls_payment=bool(_PAYING.search(_address(call))),
            )
        )
    return found


def _pays(event: Event, side: Side, call: Breadcrumb | None) -> bool:
    request = event.details.request
    if side in CLIENT:
        method, url = (call.data.get("method") if call else None), _address(call)
    else:
        method, url = (request.method, request.url or "") if request else (None, "")
    is_sent = str(method).upper() in ("POST", "PUT")
    return is_sent and bool(_PAY_PATH.search(url[:600].split("?")[0].lower()))


def last_call_symptom(event: Event) -> Symptom | None:
    """Return the call just before the failure as a weak symptom, if it failed.

    A page's call to another site does not count. The line names the service that our server
    called; it is empty if the customer's program made the call.
    """
    body = event.details
    call = _last_call(body.breadcrumbs)
    status = _failed_status(call)
    if status is None or event.level in ("info", "debug"):
        return None
    side = side_of(event)
    address = _address(call)
    page = body.request.url if body.request else None
    if side in CLIENT and page and _domain(address, page) != _domain(page.lower(), page):
        return None
    host = "" if side in CLIENT else urlsplit(address).netloc
    paying = bool(_PAYING.search(address))
    return Symptom(side, "", host, call_status=status, calls_payment=paying)


def _domain(address: str, page: str) -> str:
    """Return the last two labels of the host; a relative address has the page's."""
    host = urlsplit(urljoin(page.lower(), address)).hostname or ""
    return ".".join(host.split(".")[-2:])


def _lines(event: Event, side: Side) -> Iterator[Symptom]:
    body = event.details
    yield from (_raised(one, side) for one in body.exceptions[:1])
    for text in (event.title, event.message, body.message):
        cut = (text or "")[:_MAX_TEXT]
        if match := _TITLE.match(cut):
            yield Symptom(side, match[1], cut[match.end() :])
        elif cut:
            yield Symptom(side, "", cut)
    yield from (_raised(one, side) for one in body.exceptions[1 : 1 + _MAX_CAUSES])


def _with_quoted_errors(lines: Iterable[Symptom]) -> Iterator[Symptom]:
    """Yield each line, then an error in it: `CompletionException: java.io.IOException: no`."""
    for line in lines:
        yield line
        if match := _QUOTED_ERROR.search(line.message):
            yield Symptom(line.side, match[1], line.message[match.end() :], is_quoted=True)


def _missing_response_reason(crumbs: tuple[Breadcrumb, ...]) -> str:
    """Return why a call had no response, in our own words, if an earlier breadcrumb shows it."""
    for crumb in reversed(crumbs[-8:]):
        text = f"{crumb.message} {' '.join(map(str, crumb.data.values()))}"[:_MAX_TEXT].lower()
        if crumb.category in ("device.connectivity", "network.event"):
            return " (offline)" if _OFFLINE.search(text) else ""
        if crumb.category == "console" and "blocked by cors" in text:
            return " (cors)"
    return ""


def _raised(one: ExceptionInfo, side: Side) -> Symptom:
    functions = (frame.function or "" for frame in one.frames[:_MAX_CALLS])
    # A file of our own isn't read: its name says nothing about what happened.
    files = (
        frame.file
        for frame in one.frames[:1]
        if not frame.in_app or _LIBRARY.search(frame.file or "")
    )
    return Symptom(
        side,
        kind=(one.type or "")[:200],
        message=(one.value or "")[:_MAX_TEXT],
        calls=" ".join((one.module or "", *functions)).lower()[:_MAX_TEXT],
        file=(next(files, "") or "").lower()[:_MAX_TEXT],
    )


def _last_call(crumbs: tuple[Breadcrumb, ...]) -> Breadcrumb | None:
    return next((crumb for crumb in reversed(crumbs[-3:]) if crumb.data.get("url")), None)


def _address(call: Breadcrumb | None) -> str:
    return str(call.data["url"])[:200].split("?")[0].lower() if call else ""


def _failed_status(call: Breadcrumb | None) -> int | None:
    status = str((call and call.data.get("status_code")) or "")[:4]
    return int(status) if re.fullmatch(r"[45]\d\d", status) else None


# User actions, found in URLs, transaction names, and clicks


class UserAction(Enum):
    """Something that customers do."""

    PAYING = "paying"
    CHECKING_OUT = "checking out"
    CART = "using the cart"
    SIGNING_IN = "signing in"
    SIGNING_UP = "signing up"
    UPLOADING = "sending a file"
    INVOICE = "opening an invoice"
    ISSUING = "issuing an invoice"
    BOOKING = "booking"
    SHIPPING = "booking a shipment"
    ORDERING = "placing an order"
    ORDERS = "looking at orders"
    REPORT = "opening a report"
    IMPORTING = "importing data"
    SCANNING = "scanning a code"
    VOUCHER = "using a voucher"
    ADDRESS = "using the address page"
    SUPPORT = "writing to support"
    MESSAGES = "using messages"
    NOTICES = "using alerts"
    ACCOUNT = "using the account pages"
    SEARCHING = "searching"
    CANCELING = "canceling"


def _user_action(name: str | None) -> UserAction | None:
    return UserAction[name.upper()] if name else None


# Words, the action, the action for a POST or PUT request if it is another one, and whether the
# words name a list that can be read.
_ACTIONS = tuple(
    (
        re.compile(rf"\b(?:{_FILE.expand(row['words'])})\b"),
        _user_action(row.get("action")),
        _user_action(row.get("if_sent")),
        bool(row.get("list")),
    )
    for row in _FILE.tables["actions"]
)
_BACKGROUND_WORK = _FILE.compile("background_work")
_SIGN_IN = _FILE.compile("sign_in")
_WORD = re.compile(r"[A-Z]?[a-z]{1,40}|[A-Z]{1,40}")
_ACTION_CATEGORIES = frozenset(("navigation", "ui.click", "ui.tap", "touch", "ui.multiClick"))
_CHANGING = frozenset(("POST", "PUT", "PATCH", "DELETE"))
# Actions that change nothing, and those that cover whatever is done there.
_READ_ONLY = frozenset((UserAction.INVOICE, UserAction.ORDERS, UserAction.REPORT))
_ANY_METHOD = frozenset(
    (
        *(UserAction.CART, UserAction.ADDRESS, UserAction.MESSAGES),
        *(UserAction.NOTICES, UserAction.ACCOUNT, UserAction.CANCELING),
    )
)
_RECENT = timedelta(minutes=2)


@found_once
def user_action_of(event: Event) -> UserAction | None:
    """Return what the customer was doing; None if unknown or if no customer waits for the work."""
    request, transaction = event.details.request, event.transaction or ""
    if not request and side_of(event) not in CLIENT and "/" not in transaction:
        return None
    if is_background_work(event):
        return None
    method = (request and request.method) or transaction.split(" ")[0]
    if call := _refused_call(event):
        method = str(call.data.get("method") or "")
    method = method.upper()
    action = find_action(
        _action_words(event),
        was_sent=method in ("POST", "PUT"),
        was_read=method in ("GET", "HEAD"),
    )
    if method in _CHANGING and action in _READ_ONLY:
        return None
    return action if method not in ("PATCH", "DELETE") or action in _ANY_METHOD else None


def find_action(
    texts: Iterable[str], *, was_sent: bool, was_read: bool = False
) -> UserAction | None:
    """Return the action that the first matching text is about; see `words_in`."""
    for words in texts:
        for pattern, action, action_if_sent, is_list in _ACTIONS:
            if pattern.search(words):
                is_other = is_list and was_read
                return None if is_other else (was_sent and action_if_sent) or action
    return None


def is_background_work(event: Event) -> bool:
    """Return whether no customer waits for the work: a job, or another service's call."""
    return side_of(event) not in CLIENT and any(
        _BACKGROUND_WORK.search(words) and not _SIGN_IN.search(words)
        for words in _action_words(event)
    )


@found_once
def _action_words(event: Event) -> list[str]:
    """Return the words of a refused call, the transaction, the request, and the last click."""
    request = event.details.request
    url = (request and request.url) or ""
    texts = [_path(_address(_refused_call(event))), event.transaction or "", _path(url)]
    crumbs = reversed(event.details.breadcrumbs if side_of(event) is not Side.SERVER else ())
    last = next((one for one in crumbs if one.category in _ACTION_CATEGORIES), None)
    if last and (last.timestamp is None or event.timestamp - last.timestamp < _RECENT):
        target = last.data.get("to") or last.data.get("view.id") or last.message or ""
        texts.append(_path(str(target)))
    return [words_in(text) for text in texts if text]


def words_in(text: str) -> str:
    """Return the words of a URL or a name in lowercase: `GET /orderItems` is `get order items`."""
    return " ".join(_WORD.findall(text[:300])).lower()


def _refused_call(event: Event) -> Breadcrumb | None:
    """Return the call of a page or app just before the event if it was answered by an error."""
    call = _last_call(event.details.breadcrumbs) if side_of(event) in CLIENT else None
    return call if _failed_status(call) else None


def was_refused(event: Event) -> bool:
    """Return whether a page's call that should change something was answered by an error."""
    return _refused_call(event) is not None and may_have_changed(event)


def may_have_changed(event: Event) -> bool:
    """Return whether the call or request that failed was sent to change something, if known."""
    call, request = _refused_call(event), event.details.request
    on_server = request.method if request and side_of(event) not in CLIENT else None
    method = str(call.data.get("method")) if call else on_server
    return not method or method.upper() in _CHANGING


def path_that_failed(event: Event) -> str:
    """Return the path of the page's refused call or of the server's request, else an empty one."""
    if side_of(event) in CLIENT:
        return _path(_address(_refused_call(event)))
    request = event.details.request
    return _path((request and request.url) or "")


def _path(url: str) -> str:
    return re.split(r"[?#]", re.sub(r"^[a-z]{2,10}://[^/?#]{0,253}", "", url[:600]))[0]


# Rules


class Place(Enum):
    """Where it failed, as pages say it; two places if the event doesn't say which."""

    SERVER = "our server"
    SERVICE = "another service"
    SERVER_OR_SERVICE = "our server or another service"
    BANK = "the customer's bank"
    INPUT = "what was entered or sent"
    SIGN_IN = "what was entered, or our server"
    NETWORK = "the customer's connection"
    BETWEEN = "between the customer and our server"
    BROWSER = "the customer's browser"
    DEVICE = "the customer's device"
    APP_OR_DEVICE = "our app or the customer's device"
    APP = "the app itself"


CUSTOMERS_SIDE = frozenset((Place.NETWORK, Place.BROWSER, Place.DEVICE, Place.APP_OR_DEVICE))
ANSWERS = frozenset(Place) - CUSTOMERS_SIDE - {Place.APP, Place.BETWEEN}


class Reading(Enum):
    """What a rule reads of a symptom.

    A line that a rule about the program's code explains has an error in the code. Only rules about
    names read the names in it.
    """

    NAMES = "the line as it is, for a rule about code"
    CODE = "the text, for a rule about code"
    TEXT = "the text"
    STATEMENT = "the part of the text that is said to have happened"


@dataclass(frozen=True, slots=True)
class Example:
    """An event that its rule alone matches first; `title` is `Type: message`."""

    title: str
    platform: str = "python"
    message: str | None = None
    mechanism: str | None = None
    function: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A sentence and the symptoms that it explains, from a file such as `client_side.toml`.

    `{Us}` and `{us}` in the sentence become our server, the page, the app, or the program. Without
    a place, it was the program that failed.

    One of these must match: `types` (bare names of exceptions), `text` (a pattern for the line
    `type: message`), `statuses` (HTTP), `calls` (a pattern for an exception's module and innermost
    functions), `files` (a pattern for the file it was raised in), or `mechanisms` (of the SDK).
    `sides` and `paying` (a symptom about a payment service) are additional conditions.

    `vague` rules apply only if no sure rule matches any symptom of the event. `broad` rules come
    last and are too general to count as specific. A `slight` failure is seldom what a customer
    reports, so it is ranked lower. `action` is what the sentence says the customer was doing.
    `may_have_paid` if the sentence leaves open whether a payment went through.
    """

    sentence: str
    example: Example
    place: Place | None = None
    text: str = ""
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
    may_have_paid: bool = False
    action: UserAction | None = None
    reads: Reading = Reading.TEXT

    def matches(self, symptom: Symptom) -> bool:
        """Return whether the rule explains the symptom."""
        if (self.sides and symptom.side not in self.sides) or (self.paying and not symptom.paying):
            return False
        if (
            (self.types and symptom.name in self.types)
            or (self.statuses and symptom.status in self.statuses)
            or symptom.mechanism in self.mechanisms
        ):
            return True
        reads_names = self.reads is Reading.NAMES
        if _is_found(self.text, symptom.line if reads_names else symptom.text) and (
            self.reads is not Reading.STATEMENT or _is_found(self.text, symptom.statement)
        ):
            return True
        # Where a code error was raised says nothing about what happened.
        return (reads_names or not symptom.is_code) and (
            _is_found(self.files, symptom.file) or _is_found(self.calls, symptom.calls)
        )

    def sentence_for(self, side: Side) -> str:
        """Return the sentence for a program on this side."""
        us = US[side]
        return self.sentence.replace("{Us}", us[0].upper() + us[1:]).replace("{us}", us)

    def place_for(self, side: Side) -> Place:
        """Return where a program on this side failed."""
        if self.place in (Place.BROWSER, Place.DEVICE) and side in CLIENT:
            return Place.DEVICE if side is Side.DEVICE else Place.BROWSER
        if self.place and not (self.place is Place.APP and side is Side.SERVER):
            return self.place
        return Place.SERVER if side is Side.SERVER else Place.APP


US = {
    Side.SERVER: "our server",
    Side.BROWSER: "the page",
    Side.DEVICE: "the app",
    Side.UNKNOWN: "the app",
}


def _is_found(pattern: str, text: str) -> bool:
    return bool(pattern and _compiled(pattern).search(text))


@cache  # bounded: all patterns come from the rules
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


# The customer's device and time zone


@found_once
def device_of(body: EventBody) -> str | None:
    """Return `Chrome 118.0, Windows 10` or `iPhone 14, iOS 17.1`; None if nothing is known.

    For a server's event, return its runtime and system: `CPython 3.11.7, Linux 5.15`.
    """
    contexts = body.contexts
    device = contexts.get("device", {})
    # On the web, only a family such as "iPhone" is known of a device.
    model = next(filter(None, (_text(device.get(key)) for key in ("model", "family", "name"))), "")
    program = _name_and_version(contexts.get("browser"))
    program = program or model or _name_and_version(contexts.get("runtime"))
    system = _name_and_version(contexts.get("client_os")) or _name_and_version(contexts.get("os"))
    return ", ".join(filter(None, (program, system))) or None


def _name_and_version(context: Mapping[str, object] | None) -> str:
    """Return the name and version of a browser, system, or runtime; empty without a name."""
    name, version = (_text((context or {}).get(key)) for key in ("name", "version"))
    return f"{name} {version}".strip() if name else ""


def _text(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int | float) else ""


def zone_of_customer(events: Iterable[Event]) -> ZoneInfo | None:
    """Return the time zone of the customer's browser or device; None if unknown or ambiguous."""
    names = {
        _text(event.body.contexts.get(context, {}).get("timezone"))
        for event in events
        if event.body and side_of(event) in CLIENT
        for context in ("culture", "device")
    }
    known = names & iana_zones()
    return ZoneInfo(known.pop()) if len(known) == 1 else None
