"""What the rules of plain words look at: an event as a few short lines in small letters."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urljoin, urlsplit

from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo

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
