"""What one log entry or span says, in plain words of our own."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from apps.events.breadcrumb_text import bare_url, status_meaning
from apps.events.event import Event, LogEntry, Span
from apps.events.query import format_duration
from apps.events.rules.engine import rule_for
from apps.events.rules.rule import CLIENT, Place, Reading, Side, UserAction, find_action, words_in


class Kind(Enum):
    """What an observation says, the gravest first."""

    FAILED = "failed"
    REFUSED = "refused"
    SLOW = "slow"
    WARNING = "warning"
    WORKED = "worked"


@dataclass(frozen=True, slots=True)
class Remark:
    """What a row says: `The upload`, `was refused`, and, if known, `too large`.

    The remark of a log is mostly one sentence, its `subject`. `target` is quoted from the row, and
    `place` is where it failed, as far as a rule of errors knows it.
    """

    kind: Kind
    subject: str
    outcome: str = ""
    reason: str = ""
    target: str = ""
    place: Place | None = None

    @property
    def sentence(self) -> str:
        """The sentence, without its period."""
        text = " ".join(filter(None, (self.subject, self.outcome)))
        return f"{text}: {self.reason}" if self.reason else text


A_REQUEST = "A request"
TOO_LARGE = "too large"
ANOTHER_SERVICE = "another service"


def deed_in(text: str) -> str:
    """Return what a message such as `Upload refused` begins with: `The upload`; or ""."""
    action = find_action((words_in(" ".join(text.split()[:2])),), was_sent=True)
    is_sign_in = action is UserAction.SIGNING_IN  # often what follows, not what failed
    return _capital(_DEEDS[action]) if action in _DEEDS and not is_sign_in else ""


# Spans

_METHOD = re.compile(r"(GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE|QUERY)\s{1,4}")
_READ_METHODS = frozenset(("", "GET", "HEAD", "OPTIONS", "QUERY"))
PAGE_OPS = ("pageload", "navigation", "ui.load", "ui.action", "app.start")
TASK_OPS = (
    "queue.process",
    "queue.task",
    "queue.active_job",
    "queue.sidekiq",
    "task",
    "job",
    "cron",
)
# Requests that no customer makes or misses.
_NOISE_PATH = re.compile(
    r"/(?:favicon|apple-touch-icon|robots\.txt|sitemap|manifest\.(?:json|webmanifest)|\.well-known"
    r"|service-?worker|sw\.js|browserconfig)"
    r"|^(?:[a-z]{2,10}://[^/]{1,253})?(?:/api|/v\d|/internal|/actuator){0,3}/(?:_{0,2}health\w{0,10}"
    r"|health-?check|ready(?:z|ness)?|live(?:z|ness)?|heartbeat|_?ping|status|metrics|up)/?(?:$|[?#\s])"
    r"|\.(?:css|js|mjs|map|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|otf|mp4|webmanifest)(?:$|[?#\s])"
    r"|/_(?:next|nuxt)/|/(?:collect|beacon|track(?:ing)?|analytics|telemetry|envelope|csp\S{0,20})\b|-app-site-association",
    re.IGNORECASE,
)
# What pages ask for and do without.
_OPTIONAL = re.compile(
    r"avatar|gravatar|thumbnail|/(?:locales?|i18n|translations?|lang)/|consent", re.IGNORECASE
)
_NOISE_HOST = re.compile(
    r"google-analytics|googletagmanager|doubleclick|googlesyndication|segment\.(?:io|com)|mixpanel"
    r"|amplitude|hotjar|fullstory|facebook|clarity\.ms|sentry|posthog|nr-data|newrelic|datadog"
    r"|bugsnag|logrocket|plausible|matomo|optimizely|telemetry|metrics|analytics|tracking|ingest\."
    r"|intercom|zendesk|zopim|drift|crisp\.chat|hubspot|hs-(?:scripts|analytics)|cookie|onetrust"
    r"|usercentrics|didomi|trustarc|adroll|criteo|taboola|outbrain|heap(?:analytics|io)|pendo"
    r"|walkme|appcues|chartbeat|insights|launchdarkly|statsig|appsflyer|branch\.io|braze|onesignal"
    r"|fonts\.g|youtube|vimeo|twitter|linkedin|tiktok|pinterest|bing\.com|yandex"
    r"|otel|jaeger|honeycomb|loki|grafana|169\.254\.169\.254",
    re.IGNORECASE,
)
# Requests that stay open on purpose.
_OPEN_ENDED = re.compile(
    r"stream|/events?\b|/sse\b|poll|subscri|/ws\b|socket|/live\b|listen|watch|hub\b|signalr"
    r"|^(?:PUT|POST|PATCH) .{0,200}(?:upload|/files?\b|completions|generate|/(?:chat|prompt)\b)"
    r"|^GET .{0,200}(?:download|/media/|/videos?/)",
    re.IGNORECASE,
)
_CALLED_BACK = re.compile(r"\b(?:web ?hooks?|hooks?|ipn|callbacks?)\b")
_SIGN_IN = "the sign-in service"
# By the vendor, and by what a host of our own could be called too.
_VENDORS, _KINDS = (
    tuple((re.compile(pattern), name) for pattern, name in rows)
    for rows in (
        (
            (
                r"stripe|paypal|klarna|adyen|braintree|mollie|worldpay|squareup|checkout\.com"
                r"|razorpay|authorize\.net|payu\.|sumup|paddle\.|chargebee",
                "the payment provider",
            ),
            (
                r"postmark|sendgrid|mailgun|mandrill|mailchimp|sparkpost|brevo|sendinblue|mailjet"
                r"|resend\.com",
                "the email service",
            ),
            (r"twilio|vonage|nexmo|messagebird|plivo|sinch\.", "the text message service"),
            (r"mapbox|maps\.google|nominatim|hereapi|tomtom", "the map service"),
            (r"oauth2\.google|accounts\.google|okta|auth0|cognito|login\.micro", _SIGN_IN),
            (r"openai|anthropic|mistral\.ai|generativelanguage|bedrock|cohere", "the AI service"),
            (r"amazonaws|blob\.core|storage\.google|cloudinary", "the file storage"),
            (r"\bups\.|\bdhl\.|fedex|shippo|easypost|sendcloud", "the shipping service"),
        ),
        (
            (r"payment|\bpay\b|billing", "the payment provider"),
            (r"email|\bsmtp|\bmail", "the email service"),
            (r"\bsms", "the text message service"),
            (r"\bmaps?\b|geocod", "the map service"),
            (r"oauth|\bsso\b|\bidp\b|\blogin|\bauth\b|keycloak", _SIGN_IN),
            (r"shipping|parcel|carrier", "the shipping service"),
            (r"\bs3\b|minio|storage", "the file storage"),
        ),
    )
)
_DEEDS = {
    UserAction.PAYING: "a payment request",
    UserAction.CHECKING_OUT: "a checkout request",
    UserAction.SIGNING_IN: "a sign-in request",
    UserAction.SIGNING_UP: "a sign-up request",
    UserAction.UPLOADING: "the upload",
    UserAction.BOOKING: "a booking request",
    UserAction.ORDERING: "an order request",
    UserAction.MESSAGES: "a message",
    UserAction.SEARCHING: "the search",
    UserAction.VOUCHER: "a coupon request",
    UserAction.ISSUING: "an invoice request",
    UserAction.SHIPPING: "a shipping request",
    UserAction.IMPORTING: "the import",
    UserAction.SUPPORT: "a message to support",
}
_THINGS = {
    UserAction.PAYING: "the payment page",
    UserAction.CHECKING_OUT: "the checkout",
    UserAction.CART: "the cart",
    UserAction.SIGNING_IN: "the sign-in page",
    UserAction.SIGNING_UP: "the sign-up page",
    UserAction.UPLOADING: "a file",
    UserAction.INVOICE: "the invoice",
    UserAction.BOOKING: "the booking",
    UserAction.ORDERING: "the order",
    UserAction.ORDERS: "the orders",
    UserAction.REPORT: "the report",
    UserAction.MESSAGES: "the messages",
    UserAction.NOTICES: "the alerts",
    UserAction.ACCOUNT: "the account pages",
    UserAction.SEARCHING: "the search page",
    UserAction.VOUCHER: "the coupon",
    UserAction.ISSUING: "the invoice",
    UserAction.SHIPPING: "the shipment",
    UserAction.IMPORTING: "the import",
    UserAction.SCANNING: "the scanner",
    UserAction.ADDRESS: "the address",
    UserAction.SUPPORT: "the support page",
}
_VERBS = {
    "POST": "A request about",
    **dict.fromkeys(("PUT", "PATCH", "DELETE"), "A change to"),
}
_SLOW_MS, _SLOW_UNKNOWN_MS = 3_000, 10_000
_TIMES_USUAL = 3
_CANCELED_MS = 5_000
_QUEUED_MS = 60_000
_FAILED_STATUSES = frozenset(
    (
        *("internal_error", "unknown_error", "unknown", "error", "unavailable", "data_loss"),
        *("deadline_exceeded", "aborted", "failed_precondition", "unimplemented", "out_of_range"),
    )
)
_REFUSED_STATUSES = {
    "permission_denied": 403,
    "unauthenticated": 401,
    "not_found": 404,
    "already_exists": 409,
    "resource_exhausted": 429,
    "invalid_argument": 400,
}
_STATUS_REASONS = {code: status_meaning(code) for code in (502, 503, 504)}
_ENDED = (None, "", "ok", "unset")


def duration_text(milliseconds: float) -> str:
    """Return the time as a person says it: 0.4 s, 41 s, 3 min."""
    seconds = milliseconds / 1000
    if seconds < 9.95:
        return f"{max(seconds, 0.1):.1f} s"
    return f"{seconds:.0f} s" if seconds < 119.5 else format_duration(seconds)


@dataclass(frozen=True, slots=True)
class SpanReader:
    """A span and the side that recorded it."""

    span: Span
    side: Side

    @property
    def op(self) -> str:
        """The operation, never None."""
        return self.span.op or ""

    @property
    def is_request(self) -> bool:
        """Whether it is an HTTP request, sent or handled."""
        return self.op.startswith(("http", "fetch", "xhr")) and not self.is_noise

    @property
    def is_page(self) -> bool:
        """Whether it is a page, a screen, or what a click started."""
        return self.op.startswith(PAGE_OPS)

    @property
    def is_task(self) -> bool:
        """Whether it is work in the background."""
        return self.op.startswith(TASK_OPS)

    @property
    def attributes(self) -> Mapping[str, str]:
        """The attributes by name."""
        return dict(self.span.attributes)

    @property
    def method(self) -> str:
        """The HTTP method in capitals, or ""."""
        attributes = self.attributes
        names = ("http.request.method", "http.method", "method")
        own = next((attributes[name] for name in names if attributes.get(name)), "")
        found = _METHOD.match(self.span.description or "") or _METHOD.match(
            self.span.transaction or ""
        )
        return own.upper() or (found[1] if found else "")

    @property
    def address(self) -> str:
        """The URL, path, or name of what was done, without the method."""
        span, attributes = self.span, self.attributes
        names = ("url.full", "http.url", "url")
        known = next((attributes[name] for name in names if attributes.get(name)), "")
        text = span.description or known or span.transaction or ""
        if not self.op.startswith("http.client") and span.is_segment:
            text = span.transaction or text
        return _METHOD.sub("", text, count=1)[:600]

    @property
    def host(self) -> str:
        """The host of the address in lowercase, or ""."""
        found = re.match(r"[a-z]{2,10}://([^/?#\s]{1,253})", self.address, re.IGNORECASE)
        return (found[1] if found else self.attributes.get("server.address", "")).lower()

    @property
    def target(self) -> str:
        """The method and the URL without its query, or the name."""
        return f"{self.method} {bare_url(self.address)}".strip()

    @property
    def is_noise(self) -> bool:
        """Whether it says nothing about the customer: a static file, a probe, telemetry."""
        is_optional = self.method in _READ_METHODS and _OPTIONAL.search(self.address)
        return (
            self.op.startswith("resource.")
            or bool(is_optional)
            or self.method in ("OPTIONS", "HEAD")  # only checks
            or bool(_NOISE_PATH.search(self.address) or _NOISE_HOST.search(self.host))
        )

    @property
    def domain(self) -> str:
        """The last two labels of the host, or "" for a relative address."""
        return ".".join(self.host.partition(":")[0].split(".")[-2:])

    @property
    def is_unanswered(self) -> bool:
        """Whether a page's request was blocked or lost at once."""
        is_quick = (self.span.duration_ms or 0) < _SLOW_MS
        return self.side in CLIENT and self._has_failed and not self.span.http_status and is_quick

    @property
    def service(self) -> str:
        """The name of the other service that was called, or "" if it is ours."""
        if not self.op.startswith("http.client") or not self.host:
            return ""
        vendor = _named(_VENDORS, self.host)
        if self.side in CLIENT:
            return vendor
        return vendor or _named(_KINDS, self.host) or ANOTHER_SERVICE

    @property
    def action(self) -> UserAction | None:
        """What the customer was doing, as far as the address says so."""
        was_sent = self.method not in _READ_METHODS
        return find_action((words_in(self.address),), was_sent=was_sent)

    @property
    def subject(self) -> str:
        """What was done, at the beginning of a sentence."""
        action, was_sent = self.action, self.method not in _READ_METHODS
        if self.service or self.is_task:
            return _capital(self.service or "a background task")
        if self.op.startswith("http.server") and _CALLED_BACK.search(words_in(self.address)):
            is_sign_in = action is UserAction.SIGNING_IN
            return "The sign-in" if is_sign_in else _message(self.address)
        if not self.is_page and (was_sent or action is UserAction.SEARCHING) and action in _DEEDS:
            return _capital(_DEEDS[action])
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
        return None if self.span.is_segment else self._part()

    def _said(self, kind: Kind, outcome: str, reason: str = "") -> Remark:
        return Remark(kind, self.subject, outcome, reason, self.target)

    def _request(self) -> Remark | None:
        span, status = self.span, self.span.http_status
        length = span.duration_ms or 0
        took = duration_text(length)
        code = status or _REFUSED_STATUSES.get(span.status or "", 0)
        if self.service and (code >= 400 or self._has_failed):
            return self._service(code, took)
        if code == 499 or span.status in ("cancelled", "canceled"):
            is_notable = length >= _CANCELED_MS or self.method not in _READ_METHODS
            return self._said(Kind.FAILED, f"got no answer within {took}") if is_notable else None
        if code >= 500:
            is_full = code == 507
            reason = "no room left" if is_full else _STATUS_REASONS.get(code, "")
            return self._said(Kind.REFUSED if is_full else Kind.FAILED, "failed", reason)
        if code >= 400:
            outcome = "failed" if code in (404, 410) else "was refused"
            is_password = code == 401 and self.action is UserAction.SIGNING_IN
            reason = "" if is_password else status_meaning(code)
            return self._said(Kind.REFUSED, outcome, reason or "not accepted")
        if self._has_failed:
            is_unanswered = not status and (self.op != "http.server" or length >= _SLOW_MS)
            within = f" within {took}" if length >= _SLOW_MS else ""
            return self._said(Kind.FAILED, f"got no answer{within}" if is_unanswered else "failed")
        done = "was accepted" if status == 202 else "worked"
        return self._slow() or self._said(Kind.WORKED, done)

    @property
    def _has_failed(self) -> bool:
        return self.span.status in _FAILED_STATUSES or self.span.http_status == 0

    def _service(self, code: int, took: str) -> Remark:
        if code in (408, 504) or (self._has_failed and not code):
            is_long = (self.span.duration_ms or 0) >= _SLOW_MS
            return self._said(Kind.FAILED, f"didn’t answer{f' within {took}' * is_long}")
        if code >= 500:
            return self._said(Kind.FAILED, "failed", _STATUS_REASONS.get(code, ""))
        if code == 429:
            return self._said(Kind.REFUSED, "was asked too often")
        known = "" if code == 401 else status_meaning(code)
        return self._said(Kind.REFUSED, "refused our request", known)

    def _slow(self) -> Remark | None:
        length, usual = self.span.duration_ms or 0, self.span.usual_ms
        if self.is_page and self.span.status not in _ENDED:
            return None  # the SDK stopped measuring, at its limit or when the page was hidden
        is_open = self.span.http_status == 101 or _OPEN_ENDED.search(self.target)
        if usual is None and is_open:
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

    def _part(self) -> Remark | None:
        """Return a slow part of a request, which matters if the request is not known."""
        if not self.op.startswith("db") or (self.span.duration_ms or 0) < _SLOW_UNKNOWN_MS:
            return None
        took = duration_text(self.span.duration_ms or 0)
        return Remark(Kind.SLOW, "Our data store", f"took {took} to answer")


def _named(rows: Iterable[tuple[re.Pattern[str], str]], text: str) -> str:
    return next((name for pattern, name in rows if pattern.search(text)), "")


def _message(text: str) -> str:
    """Return what another service sends to tell us something."""
    is_payment = _named(_VENDORS[:1] + _KINDS[:1], text.lower())
    return "The payment provider’s message" if is_payment else "Another service’s message"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# Logs

_LOUD = frozenset(("warn", "warning", "error", "fatal", "critical"))
_ERRORS = frozenset(("error", "fatal", "critical"))
_NOTES = tuple(
    (re.compile(pattern), kind, sentence)
    for pattern, kind, sentence in (
        (
            r"^(?!.{0,200}(?:[=:] ?|\d )on\b).{0,200}"
            r"\b(?:feature(?! flags)|flag|toggle|beta)\b.{0,60}(?<!\d )\b(?:disabled|off"
            r"|not enabled|inactive|not available)\b"
            r"|\b(?:disabled|off|not enabled)\b.{0,30}\b(?:feature|flag)\b",
            Kind.WARNING,
            "A feature is turned off for the customer",
        ),
        (
            r"(?:web ?hook|callback|\bipn\b).{0,80}(?:reject|refus|invalid|signature|verif\w{1,8} "
            r"fail|unauthori[sz]ed)|signature.{0,60}(?:web ?hook|callback)",
            Kind.REFUSED,
            "{message} was refused",
        ),
        (
            r"\b(?:no|not|never|missing|without)\b.{0,40}(?:web ?hook|callback"
            r"|\bipn\b|confirmation from)|(?:web ?hook|callback).{0,40}\b(?:never|not received"
            r"|overdue|missing|timed out|did not|didn't)\b",
            Kind.FAILED,
            "{message} didn’t arrive",
        ),
        (
            r"too large body|(?:body|payload|entity|file|upload|attachment|image|photo|video)"
            r".{0,40}(?:too (?:large|big)|(?:exceed|(?:more|larger|bigger) than|above|over).{0,30}"
            r"(?:limit|size|maximum|\d ?[kmg]i?b))|max\w{0,4}.?file.?size.{0,20}exceed",
            Kind.REFUSED,
            "What was sent is too large",
        ),
        (
            r"(?:block|reject|refus|declin|stopp|flagg)\w{0,4}.{0,30}\b(?:fraud|risk|abuse|spam|bots?)\b(?!@)"
            r"|\b(?:fraud|risk|abuse|spam)\b.{0,30}(?:block|reject|refus|declin|stopp)",
            Kind.REFUSED,
            "An automatic check against fraud or abuse stopped it",
        ),
        (
            r"\b(?:coupon|voucher|promo(?:tion)?(?: code)?|discount|gift card)\b.{0,40}"
            r"\b(?:refused|rejected|declined|denied|invalid|not (?:accepted|applied|valid)|has"
            r"|had|is)\b.{0,20}(?<!or )(?<!not )\bexpired\b(?! or)",
            Kind.REFUSED,
            "A coupon or discount was not accepted: it had expired",
        ),
        (
            r"maintenance.{0,20}\b(?:on|mode|enabled|active|in progress)\b",
            Kind.FAILED,
            "Our server was down for maintenance",
        ),
        (
            r"(?:upload|file|attachment).{0,40}(?:reject|refus|blocked|infected|virus|malware"
            r"|unsupported|not (?:allowed|supported|accepted))",
            Kind.REFUSED,
            "The file was refused",
        ),
        (
            r"(?:web ?socket|\bsse\b|event ?source|live connection|socket).{0,40}(?:disconnect"
            r"|closed|lost|dropp|fail|error)",
            Kind.FAILED,
            "The live connection was lost",
        ),
        (
            r"^(?!.{0,200}bounc).{0,200}(?:storage|disk|space|mailbox).{0,30}"
            r"(?:quota|exceed|full|used up|limit reached)"
            r"|quota.{0,30}(?:storage|disk|space|mailbox)",
            Kind.REFUSED,
            "There is no room left for the customer",
        ),
        (
            r"\b(?:waited|delayed|lagging|behind)\b.{0,40}\b(?:queue|backlog)\b"
            r"|\b(?:queue|backlog)\b.{0,40}\b(?:backlog|behind|delayed|lag|full)\b",
            Kind.FAILED,
            "Work in the background had to wait",
        ),
        (
            r"\b(?:link|invitation|share|url|download).{0,20}expired",
            Kind.REFUSED,
            "A link had expired",
        ),
        (
            r"(?:retr(?:y|ies)|attempts?).{0,30}(?:exhausted|giving up|gave up)"
            r"|(?:giving up|gave up).{0,30}(?:retr|attempt)",
            Kind.FAILED,
            "It was tried several times and then given up",
        ),
    )
)
_REFUSAL = re.compile(
    r"declin|refus|reject|denied|not (?:accepted|allowed|valid)|invalid|expired|blocked|locked"
    r"|insufficient|limit|already|sold out|unauthori|forbidden"
)
_TROUBLE = re.compile(
    r"fail|declin|reject|refus|denied|timed? ?out|unavailable|unreachable|exceed|expired|blocked"
    r"|locked|invalid|missing|lost|disconnect|abort|not (?:found|received|sent|saved|delivered"
    r"|available|allowed)|\bno (?:answer|response|reply)|g(?:ave|iving) up|too long"
    r"|could not|couldn't|cannot|unable|no longer|slow|stuck|rolled back"
)
_IN_CODE = re.compile(
    r"deprecat|will be removed|not recommended|has been renamed|\bremovedin|futurewarning"
    r"|resourcewarning|userwarning|experimentalwarning|hydrat|unique \"key\" prop|peer dep"
    r"|blocked_by_client|runtime\.lasterror|message port closed|-extension://|\bcookies?\b.{0,60}(?:rejected|samesite)"
    r"|content.security.policy|mixed content|source ?map|devtools|\[hmr\]|\[vite\]|strict mode"
    r"|act\(\)|\bplay\(\)|\bprop type\b|react error #4(?:18|2[0-5])\b|non-passive|preload"
    r"|while writing result|user aborted|redundant navigation|'postmessage'"
    r"|\bcanary\b|\bsynthetic\b|(?:smoke|load).?test",
    re.IGNORECASE,
)
_GOOD_END = re.compile(
    r"\b(?:succeeded|successful(?:ly)?|recovered|resolved|reconnected|healthy"
    r"|refreshed|renewed|extended|restored)\b"
)
_PLATFORMS = {Side.BROWSER: "javascript", Side.SERVER: "python"}


# What a note or warning looks like that says nothing went wrong for the customer.
_DENIED = re.compile(
    r"\b(?:no|0|zero|without(?: any)?|not any)\b(?: \w{1,20}){0,2}"
    r" (?:fail|error|declin|reject|refus|expir|block|invalid|problem|issue|warning|virus"
    r"|malware)|: 0\b"
    r"|(?:fail|error|declin|reject|refus|expir|block)\w{0,4}(?:[ _](?:rate|count))?[ :=]{1,3}0\b"
    r"|\benabled\b|\bignor(?:ing|ed)\b|\bdefaults?\b|\bdefaulting\b|\bnot (?:set|configured)\b"
    r"|polic(?:y|ies)\b|\bcheck(?:ing|ed) (?:for|if|whether)\b|\bwill\b|\bretry(?:ing)? in\b"
    r"|\bas expected\b|\b(?:expired|rejected|blocked|declined)(?:: ?|=)\d{1,9}$"
    r"|\bcached?\b|\brequests left\b"
    # a setting, what was loaded, a statistic, and what is as it should be
    r"|\b(?:limit|size|timeout)(?: is| set to|:|=) ?\d[\d.]{0,6} ?[a-z]{0,7}$"
    r"|\b(?:rules|entries|config\w{0,8}|domains) loaded\b|\bnot exceeded\b"
    r"|\b(?:rejected|blocked|refused|declined|dropped) \d{1,9} \w{1,20}s\b|limit.remaining"
    r"|\bflag\b.{0,60}\bevaluat|\bvariation\b|\bcontrol group\b|\bstrategy\b|: none\b"
    r"|\bnot (?:blocked|rejected|refused|declined|infected)\b|\b(?:check|validation)s? passed\b"
    r"|\b(?:(?:access|id|auth|bearer)[ _-]?token|jwt) expired"
    r"|code \(?100[015]\b|\b100[015] \(?(?:going|normal)|going away|transport close|normal clos"
    # what is not full yet, what was only read or typed, and how a program keeps house
    r"|(?<!\d)\d\d(?:\.\d{1,3})? ?% (?:used|full)\b|\busage at \d\d ?%|\bapproaching\b|\?$"
    r"|\b(?:query|term|title|subject|article|template): |\b(?:expired|stale|orphaned) \w{1,20}s\b"
    r"|\bgc\b|event loop|(?:hikari|thread|connection).?pool|\bvacuum\b|materialized"
)
# A refusal as a note states it, rather than only names it: not `3 failed payments`.
_HAPPENED = re.compile(
    r"\bexceeded (?:the|their|its|a) "
    r"|(?<!status )\b(?:declined|refused|rejected|denied|blocked|stopped|locked|expired|off"
    r"|failed|disabled|exceeded|reached|insufficient[\w ]{0,20}|sold out|invalid|inactive"
    r"|(?:too|more|larger) [\w ]{1,20}|already \w{1,20}"
    r"|(?:not|no longer) (?:\w{1,20} ){0,2}\w{1,20})"
    r"(?=$| ?[:;,.(-]| \w{1,20}="
    r"| (?:by|for|because|due|as|on|to|at|in|after|with|from|until|since)\b)"
)
# What the program does instead, so that the customer may notice nothing.
_COPED = re.compile(
    r"[,;:(] ?(?:now )?(?:using|serving|returning|skipping|continuing|showing|falling back|retrying"
    r"|reconnecting|rejoining)\b|\bwill (?:be )?retr|\bfall(?:ing)?[ -]?back\b"
)
_LIBRARY = re.compile(
    r"urllib3|requests|boto|asyncio|py\.warnings|sqlalchemy|kombu|celery\.(?:utils|worker)|redis"
    r"|werkzeug|gunicorn|uvicorn|httpx|google\.|grpc|opentelemetry|sentry|io\.(?:netty|lettuce)"
    r"|org\.(?:springframework|hibernate|apache|eclipse|jboss)|com\.zaxxer|okhttp|node_modules"
)
_MAX_TEXT = 300
_QUOTED = re.compile(r"(?<!\w)(?:'[^'\n]{3,200}'|\"[^\"\n]{3,200}\"|“[^”\n]{3,200}”)")
_NUMBER = re.compile(r"\d{5,40}|\b[0-9a-f]{8,64}\b(?:-[0-9a-f]{4,12}\b){0,4}")
_TELEMETRY = re.compile(
    r"\b(?:otel|opentelemetry|statsd|prometheus|datadog|sentry|newrelic|telemetry|metrics|tracing"
    r"|spans?|analytics|pushgateway)\b"
)
_VERDICT = re.compile(
    r"(?:[\w-]{1,30}[ :,]{1,2}){1,3}?(?:was |has been |were )?"
    r"(?:(failed|aborted|timed out|crashed|stalled)"
    r"|(rejected|refused|declined|blocked|denied|not (?:accepted|allowed)|cancell?ed))\b"
)


LOGGED_ERROR, LOGGED_WARNING = "logged an error", "logged a warning"
SLIGHT_ERROR = f"{LOGGED_ERROR} in a request that worked"


_NOTHING = Remark(Kind.WORKED, "")  # customers don't notice it


def log_remark(log: LogEntry, side: Side, *, is_known: bool = True) -> Remark | None:
    """Return what a log entry says, or None if nothing about the customer.

    Below a warning, only a known refusal counts. Without `is_known`, it is read less closely.
    """
    message, severity = (log.message or "")[:_MAX_TEXT], (log.severity or "info").lower()
    text, is_error, is_loud = message.lower(), severity in _ERRORS, severity in _LOUD
    logger = dict(log.attributes).get("logger.name", "")
    if severity not in (*_LOUD, "info") or _IN_CODE.search(text) or _GOOD_END.search(text):
        return None
    is_idle = bool(_DENIED.search(text) or _LIBRARY.match(logger)) or _names_noise(text)
    is_idle = is_idle or not (is_loud or _HAPPENED.search(text))
    if _TELEMETRY.search(text) or (is_idle and not is_error):
        return None
    said = _noted(text, is_loud=is_loud)
    if said is None and is_known and needs_rules(log):
        said = _ruled(log, severity, side)
    if said is None and is_loud:
        said = _worded(text, side, is_error=is_error)
    return replace(said, target=message) if said and said.subject else None


def is_loud(log: LogEntry) -> bool:
    """Return whether it is a warning or worse."""
    return (log.severity or "").lower() in _LOUD


def tells_coping(log: LogEntry) -> bool:
    """Return whether it says what the program did instead of what did not work."""
    return bool(_COPED.search((log.message or "")[:_MAX_TEXT].lower()))


def tells_harm(log: LogEntry) -> bool:
    """Return whether it says that something did not work, and not what was done instead."""
    text = (log.message or "")[:_MAX_TEXT].lower()
    return bool(_TROUBLE.search(text)) and not tells_coping(log)


def tells_good_end(log: LogEntry) -> bool:
    """Return whether it says that something went well after all."""
    return bool(_GOOD_END.search((log.message or "")[:_MAX_TEXT].lower()))


def is_mere_warning(log: LogEntry) -> bool:
    """Return whether the program went on, as far as the log entry's severity says."""
    return (log.severity or "info").lower() not in _ERRORS


def _names_noise(text: str) -> bool:
    """Return whether it is about a request that no customer makes."""
    paths = (word for word in text.split() if word.startswith("/"))
    return any(_NOISE_PATH.search(path) for path in paths)


def program_name(side: Side) -> str:
    """Return the name of the program that logged, at the beginning of a sentence."""
    names = {Side.SERVER: "Our server", Side.BROWSER: "Our website", Side.DEVICE: "The app"}
    return names.get(side, "The program")


def _worded(text: str, side: Side, *, is_error: bool) -> Remark | None:
    """Return what `booking rejected` says, or else only that something was logged."""
    deed = deed_in(text)
    if deed and (verdict := _VERDICT.match(text)):
        is_failure = bool(verdict[1])
        outcome = "failed" if is_failure else "was refused"
        return Remark(Kind.FAILED if is_failure else Kind.REFUSED, deed, outcome)
    if is_error:
        return Remark(Kind.WARNING, program_name(side), LOGGED_ERROR)
    is_trouble = _TROUBLE.search(text)
    return Remark(Kind.WARNING, program_name(side), LOGGED_WARNING) if is_trouble else None


_SIZES = re.compile(
    r"(\d{1,5}(?:\.\d)? ?[kmg]i?b)\b.{0,20}\b(?:more than|larger than|bigger than|exceeds|over"
    r"|above)\b.{0,30}?\b(\d{1,5}(?:\.\d)? ?[kmg]i?b)\b"
)


def _with_sizes(sentence: str, text: str) -> str:
    """Return that something is too large, with its size and the limit if the log states both."""
    sizes = _SIZES.search(text) if TOO_LARGE in sentence else None
    if sizes is None:
        return sentence
    own, limit = (re.sub(r"[kmg]i?b", lambda unit: unit[0].upper(), one) for one in sizes.groups())
    return f"{sentence}: {own.replace('I', 'i')}, more than the limit of {limit.replace('I', 'i')}"


def _noted(text: str, *, is_loud: bool) -> Remark | None:
    """Return what the rules of logs alone say; that something is lost needs a warning."""
    for pattern, kind, sentence in _NOTES:
        if (is_loud or kind is not Kind.FAILED) and pattern.search(text):
            said = _with_sizes(sentence.replace("{message}", _message(text)), text)
            return Remark(kind, said)
    return None


def needs_rules(log: LogEntry) -> bool:
    """Return whether it can matter what the rules of errors say about the message."""
    is_loud = (log.severity or "").lower() in _LOUD
    return is_loud or bool(_TROUBLE.search((log.message or "")[:_MAX_TEXT].lower()))


def plain_message(log: LogEntry) -> str:
    """Return the message without its numbers: they say nothing about what happened."""
    return _NUMBER.sub("0", (log.message or "")[:_MAX_TEXT])


def _ruled(log: LogEntry, severity: str, side: Side) -> Remark | None:
    """Return what the rules of errors say about the message."""
    platform = _PLATFORMS.get(side)
    text = plain_message(log)
    text = text if severity in _LOUD else _QUOTED.sub("_", text)
    event = Event(log.id, log.timestamp, message=text, level=severity, platform=platform)
    rule = rule_for(event)
    if rule is None or rule.broad:
        return None
    if rule.slight:
        return _NOTHING
    if severity not in _LOUD and rule.reads is not Reading.STATEMENT:
        return None
    kind = Kind.FAILED if severity in _ERRORS else Kind.WARNING
    kind = Kind.REFUSED if _REFUSAL.search(text.lower()) else kind
    return Remark(
        kind,
        rule.sentence_for(side)[:-1],
        place=None if rule.reads is Reading.STATEMENT else rule.place_for(side),
    )
