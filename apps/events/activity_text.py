"""What one span says, in plain words of our own; `log_text` has what a log entry says."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from apps.events.breadcrumb_text import bare_url, status_meaning
from apps.events.event import Span
from apps.events.patterns import PatternFile
from apps.events.query import any_case, counted
from apps.events.rules.rule import CLIENT, Place, Side, UserAction, find_action, words_in


class Kind(Enum):
    """What an observation says, the most serious first."""

    FAILED = "failed"
    REFUSED = "refused"
    SLOW = "slow"
    WARNING = "warning"
    NOTE = "note"  # what was recorded, and may be ordinary
    WORKED = "worked"


@dataclass(frozen=True, slots=True)
class Remark:
    """What a row says: `The upload`, `was refused`, and, if known, `too large`.

    The remark of a log is mostly one sentence, its `subject`. `target` is quoted from the row,
    `place` is where it failed, as far as a rule of errors knows it, and `is_stated` whether a log
    states that something of the customer's was refused or failed.
    """

    kind: Kind
    subject: str
    outcome: str = ""
    reason: str = ""
    target: str = ""
    place: Place | None = None
    is_stated: bool = False

    @property
    def sentence(self) -> str:
        """The sentence, without its period."""
        text = " ".join(filter(None, (self.subject, self.outcome)))
        return f"{text}: {self.reason}" if self.reason else text


A_REQUEST = "A request"
TOO_LARGE = "too large"


def action_in(text: str) -> str:
    """Return what a message such as `Upload refused` begins with: `The upload`; or ""."""
    action = find_action((words_in(" ".join(text.split()[:2])),), was_sent=True)
    is_sign_in = action is UserAction.SIGNING_IN  # often what follows, not what failed
    return _capital(_ACTIONS[action]) if action in _ACTIONS and not is_sign_in else ""


# Spans

_METHOD = re.compile(r"(GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE|QUERY)(?:\s{1,4}|$)")
_RAILS = {"create": "POST", "update": "PATCH", "destroy": "DELETE"}
_RAILS_ACTION = re.compile(r"#(create|update|destroy)$")
_HOST = any_case(r"[a-z]{2,10}://([^/?#\s]{1,253})")
_READ_METHODS = frozenset(("", "GET", "HEAD", "OPTIONS", "QUERY"))
_VERBS = {"POST": "A request about"} | dict.fromkeys(("PUT", "PATCH", "DELETE"), "A change to")
_FILE = PatternFile.read("activity_text.toml")
_REFUSED: dict[str, int] = _FILE.tables["refused"]
_LISTS = {name: tuple(words) for name, words in _FILE.tables["lists"].items()}
PAGE_OPS, TASK_OPS = _LISTS["page_ops"], _LISTS["task_ops"]
NOISE_PATH = _FILE.compile("noise_path", re.IGNORECASE)
_NOISE_HOST = _FILE.compile("noise_host", re.IGNORECASE)
_REPORT = _FILE.compile("report", re.IGNORECASE)
_OPTIONAL = _FILE.compile("optional", re.IGNORECASE)
_OPEN_ENDED = _FILE.compile("open_ended", re.IGNORECASE)
_CALLED_BACK = re.compile(r"\b(?:web ?hooks?|hooks?|ipn|callbacks?)\b")
_OF_SIGN_IN = any_case(r"auth|\bsso\b|saml|oidc")
_VENDORS, _KINDS = (
    [(re.compile(_FILE.expand(row["host"])), row["name"]) for row in _FILE.tables[table]]
    for table in ("vendors", "kinds")
)
_ACTIONS, _THINGS = (
    {UserAction[action.upper()]: words for action, words in _FILE.tables[table].items()}
    for table in ("actions", "things")
)
_SLOW_MS, _SLOW_UNKNOWN_MS = 3_000, 10_000
_TIMES_USUAL = 3
_CANCELED_MS = 5_000
_QUEUED_MS, _TIMER_MS = 60_000, 5_000
# Requests that programs send on their own, and those that no page is.
_RENEWAL = any_case(r"refresh|token|session|/me/?$|renew|heartbeat")
_UPLOADS = any_case(r"upload|attach|file|photo|image|media|avatar|video|scan")
_BEACON = any_case(r"/(?:events?|batch|log|ping|presence|read|seen)\b")
_PROGRAMS = any_case(r"\bapi\b|/v\d|graphql|\.json|/rpc|/rest/|\bajax\b")
_STATUS_REASONS = {code: status_meaning(code) for code in (502, 503, 504)}
_ENDED = (None, "", "ok", "unset")


def duration_text(milliseconds: float) -> str:
    """Return the time as a person says it: 0.4 seconds, 41 seconds, 3 minutes."""
    seconds = milliseconds / 1000
    if seconds < 9.95:
        return f"{max(seconds, 0.1):.1f} seconds"
    if seconds < 119.5:
        return f"{seconds:.0f} seconds"
    minutes = round(seconds) // 60
    return counted(minutes, "minute") if minutes < 60 else counted(minutes // 60, "hour")


class SpanReader:
    """A span and the side that recorded it. `length` is how long it took, in ms.

    `is_page` if it is a page, a screen, or what a click started; `is_task` if it is work in the
    background.
    """

    def __init__(self, span: Span, side: Side) -> None:
        self.span, self.side = span, side
        self.op = span.op or ""
        self.length = span.duration_ms or 0
        self.attributes = dict(span.attributes)
        self.is_page = self.op.startswith(PAGE_OPS)
        self.is_task = self.op.startswith(TASK_OPS)

    @cached_property
    def is_request(self) -> bool:
        """Whether it is an HTTP request, sent or handled."""
        return self.op.startswith(("http", "fetch", "xhr")) and not self.is_noise

    @cached_property
    def method(self) -> str:
        """The HTTP method in capitals, or ""."""
        attributes = self.attributes
        names = ("http.request.method", "http.method", "method")
        if own := next((attributes[name] for name in names if attributes.get(name)), ""):
            return own.upper()
        transaction = self.span.transaction or ""
        if found := _METHOD.match(self.span.description or "") or _METHOD.match(transaction):
            return found[1]
        in_rails = _RAILS_ACTION.search(transaction)
        return _RAILS[in_rails[1]] if in_rails else ""

    @property
    def was_sent(self) -> bool:
        """Whether the method sends something rather than reading it."""
        return self.method not in _READ_METHODS

    @cached_property
    def address(self) -> str:
        """The URL, path, or name of what was done, without the method."""
        span, attributes = self.span, self.attributes
        names = ("url.full", "http.url", "url", "http.route", "http.target", "url.path")
        known = next((attributes[name] for name in names if attributes.get(name)), "")
        own = "" if _METHOD.fullmatch(span.description or "") else span.description
        text = own or known or span.transaction or ""
        if not self.op.startswith("http.client") and span.is_segment:
            text = span.transaction or text
        return _METHOD.sub("", text, count=1)[:600]

    @cached_property
    def host(self) -> str:
        """The host of the address in lowercase, or ""."""
        found = _HOST.match(self.address)
        return (found[1] if found else self.attributes.get("server.address", "")).lower()

    @cached_property
    def target(self) -> str:
        """The method and the URL without its query, or the name."""
        return f"{self.method} {bare_url(self.address)}".strip()

    @cached_property
    def is_noise(self) -> bool:
        """Whether it says nothing about the customer: a static file, a probe, telemetry."""
        return (
            self.op.startswith("resource.")
            or (not self.was_sent and bool(_OPTIONAL.search(self.address)))
            or self.method in ("OPTIONS", "HEAD")  # only checks
            or (self.method == "POST" and bool(_REPORT.search(self.address)))
            or bool(NOISE_PATH.search(_METHOD.sub("", self.span.transaction or "", count=1)))
            or bool(NOISE_PATH.search(self.address) or _NOISE_HOST.search(self.host))
        )

    @cached_property
    def domain(self) -> str:
        """The last two labels of the host, or "" for a relative address."""
        return ".".join(self.host.partition(":")[0].split(".")[-2:])

    @cached_property
    def is_unanswered(self) -> bool:
        """Whether a page's request was blocked or lost immediately."""
        is_quick = self.length < _SLOW_MS
        return self.side in CLIENT and self._has_failed and not self.span.http_status and is_quick

    @cached_property
    def service(self) -> str:
        """The name of the other service that was called, or "" if it is ours."""
        if not self.op.startswith("http.client") or not self.host:
            return ""
        vendor = _named(_VENDORS, self.host)
        if self.side in CLIENT:
            return vendor
        return vendor or _named(_KINDS, self.host) or "another service"

    @cached_property
    def action(self) -> UserAction | None:
        """What the customer was doing, as far as the address says so."""
        return find_action((words_in(self.address),), was_sent=self.was_sent)

    @cached_property
    def subject(self) -> str:
        """What was done, at the beginning of a sentence."""
        action = self.action
        if self.service or self.is_task:
            return _capital(self.service or "a background task")
        if self.op.startswith("http.server") and _CALLED_BACK.search(words_in(self.address)):
            is_sign_in = action is UserAction.SIGNING_IN or _OF_SIGN_IN.search(self.address)
            return "The sign-in" if is_sign_in else sender_in(self.address)
        is_about_file = self.method == "DELETE" or not _UPLOADS.search(self.address)  # not sent
        was_done = self.was_sent and not (action is UserAction.UPLOADING and is_about_file)
        was_done = was_done or action is UserAction.SEARCHING
        if not self.is_page and was_done and action in _ACTIONS:
            return _capital(_ACTIONS[action])
        if action in _THINGS:
            return f"{_VERBS.get(self.method, 'Opening')} {_THINGS[action]}"
        if self.is_page:
            return "A click" if self.op.startswith("ui.action") else "Opening a page"
        return A_REQUEST

    def remark(self) -> Remark | None:
        """Return what it says, or None if nothing."""
        if self.is_noise:
            return None
        if self.is_request:
            return self._request()
        if self.is_page:
            return self._slow() or self._said(Kind.WORKED, "worked")
        if self.is_task:
            return self._task()
        # A part of a request, which matters if it is slow and the request itself isn't known
        if self.span.is_segment or not self.op.startswith("db") or self.length < _SLOW_UNKNOWN_MS:
            return None
        return Remark(Kind.SLOW, "Our data store", f"took {duration_text(self.length)} to answer")

    def _said(self, kind: Kind, outcome: str, reason: str = "") -> Remark:
        subject = self.subject
        if kind is Kind.NOTE:
            subject = subject.replace("Opening", "A request for")
        return Remark(kind, subject, outcome, reason, self.target)

    def _request(self) -> Remark | None:
        span, status = self.span, self.span.http_status
        code = status or _REFUSED.get(span.status or "", 0)
        is_called = bool(self.service) and (self.side not in CLIENT or not self._is_ordinary(code))
        if is_called and (code >= 400 or self._has_failed):
            return self._service(code)
        if code == 499 or span.status in ("cancelled", "canceled"):
            return self._canceled()
        if code >= 500:
            is_full = code == 507
            reason = "no room left" if is_full else _STATUS_REASONS.get(code, "")
            return self._said(Kind.REFUSED if is_full else Kind.FAILED, "failed", reason)
        if code >= 400:
            return self._refused(code)
        if self._has_failed:
            is_long = self.length >= _SLOW_MS
            is_unanswered = not status and (self.op != "http.server" or is_long)
            within = f" within {duration_text(self.length)}" if is_long else ""
            is_own = not self.was_sent or _BEACON.search(self.address)
            is_left = is_unanswered and not within and is_own
            kind = Kind.NOTE if is_left else Kind.FAILED
            return self._said(kind, f"got no answer{within}" if is_unanswered else "failed")
        done = "was accepted" if status == 202 else "worked"
        return self._slow() or self._said(Kind.WORKED, done)

    def _canceled(self) -> Remark | None:
        """Return that there was no answer, unless a page may just have been left."""
        is_left = self.length < _CANCELED_MS or _OPEN_ENDED.search(self.target)
        if is_left and not self.was_sent:
            return None
        is_note = not self.was_sent and self.length < _SLOW_UNKNOWN_MS
        kind = Kind.NOTE if is_note else Kind.FAILED
        return self._said(kind, f"got no answer within {duration_text(self.length)}")

    def _refused(self, code: int) -> Remark:
        meaning = status_meaning(code) or "not accepted"
        if self._is_ordinary(code):
            is_known = bool(self.span.http_status)  # else it is the span's status, which is broader
            answer = f"was answered with {code}" if is_known else "was refused"
            return self._said(Kind.NOTE, answer, meaning)
        outcome = "failed" if code in (404, 410) else "was refused"
        is_password = code == 401 and self.action is UserAction.SIGNING_IN
        return self._said(Kind.REFUSED, outcome, "not accepted" if is_password else meaning)

    def _is_ordinary(self, code: int) -> bool:
        """Return whether a program probably expects this answer, and no customer sees it."""
        if not 400 <= code < 500 or code in (402, 408, 413, 429, 451):
            return False
        if self.was_sent:
            is_renewal = code in (400, 401, 403) and _RENEWAL.search(self.address)
            return bool(is_renewal) or (self.method == "DELETE" and code in (404, 410))
        is_page = self.op.startswith("http.server") and not _PROGRAMS.search(self.address)
        return code == 401 or not is_page

    @property
    def _has_failed(self) -> bool:
        return self.span.status in _LISTS["failed"] or self.span.http_status == 0

    def _service(self, code: int) -> Remark:
        if code in (408, 504) or (self._has_failed and not code):
            within = f" within {duration_text(self.length)}" if self.length >= _SLOW_MS else ""
            kind = Kind.NOTE if self.is_unanswered else Kind.FAILED  # by a blocker, most often
            return self._said(kind, f"didn’t answer{within}")
        if code >= 500:
            return self._said(Kind.FAILED, "failed", _STATUS_REASONS.get(code, ""))
        if code == 429:
            return self._said(Kind.REFUSED, "was called too often")
        known = "" if code == 401 else status_meaning(code)
        return self._said(Kind.REFUSED, "refused our request", known)

    def _slow(self) -> Remark | None:
        length, usual = self.length, self.span.usual_ms
        if self.is_page and self.span.status not in _ENDED:
            return None  # the SDK stopped measuring, at its limit or when the page was hidden
        is_open = self.span.http_status == 101 or _OPEN_ENDED.search(self.target)
        # A request that waits for news ends after 10 s, 30 s, or a minute.
        is_timed = length >= _SLOW_UNKNOWN_MS and length % _TIMER_MS < length * 0.01
        if usual is None and (is_open or is_timed):
            return None
        limit = _SLOW_UNKNOWN_MS if usual is None else max(_SLOW_MS, _TIMES_USUAL * usual)
        if length < limit:
            return None
        took = f"took {duration_text(length)}"
        usually = f"; it usually takes {duration_text(usual)}" if usual is not None else ""
        return self._said(Kind.SLOW, f"{took}{usually}")

    def _task(self) -> Remark | None:
        if self._has_failed:
            return self._said(Kind.FAILED, "failed")
        waited = self.attributes.get("messaging.message.receive.latency", "")
        if re.fullmatch(r"\d{1,12}(?:\.\d{1,9})?", waited) and float(waited) >= _QUEUED_MS:
            return self._said(Kind.SLOW, f"waited {duration_text(float(waited))} for its turn")
        return self._slow() if self.span.usual_ms is not None else None


def _named(rows: Iterable[tuple[re.Pattern[str], str]], text: str) -> str:
    return next((name for pattern, name in rows if pattern.search(text)), "")


def sender_in(text: str) -> str:
    """Return what to call a message from another service."""
    is_payment = _named(_VENDORS[:1] + _KINDS[:1], text.lower())
    return "The payment provider’s message" if is_payment else "Another service’s message"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
