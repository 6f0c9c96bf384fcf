"""What one log entry says, in plain words of our own."""

import re
from dataclasses import replace

from apps.events.activity_text import (
    NOISE_PATH,
    TOO_LARGE,
    Kind,
    Remark,
    deed_in,
    sender_in,
)
from apps.events.event import Event, LogEntry
from apps.events.query import any_case
from apps.events.rules.engine import rule_for
from apps.events.rules.rule import Reading, Side

_LOUD = frozenset(("warn", "warning", "error", "fatal", "critical"))
_ERRORS = frozenset(("error", "fatal", "critical"))
# What a log must state about something of the customer's: only then it is more than a log.
# First what it is about, then that it was refused; and for an error, that it failed.
_THING = (
    r"(?:payment|intent|card|charge|purchase|checkout|order|booking|reservation|appointment|slot"
    r"|ticket|coupon|voucher|code|discount|upload|file|attachment|photo|image|video|document"
    r"|transfer|withdrawal|deposit|payout|refund|log-?in|sign-?in|sign-?up|registration|account"
    r"|password(?: reset)?|otp|invitation|invite|link|comment|post|review|export|import|download"
    r"|subscription|renewal|plan|quota|limit|address|delivery|iban|message|profile"
    r"|trial(?: request)?|application|submission|invoice|item|product|transaction|membership"
    r"|mandate|write|mailbox|feature|project|e?-?mail|sms|file type|3ds"
    r"|(?:identity|age|address|fraud|eligibility|credit) check"
    r"|(?:otp|captcha|code|identity|age|card|phone|email|iban|vat(?: number)?|address|3ds|input"
    r"|form|password|signature|profile update) (?:verification|validation|authentication))"
)
_BEFORE = (
    r"(?:(?:the|an?|this|your|users?(?:['’]s)?|customer(?:['’]s)?|new|driver|gift|credit|debit"
    r"|bank|promo(?:tion)?|email|shipping|billing|phone|share|daily|weekly|monthly|storage|upload"
    r"|rate|unsupported|data|confirmation|verification|activation|reset|money|push|sepa"
    rf"|(?=[\w-]{{0,20}}\d)[\w-]{{1,41}}+|{_THING}) ){{0,4}}"
)
_ABOUT = (
    r"^(?:\[[^\]\n]{1,40}\] ?|(?!query|term|title)[\w.-]{1,40}: ){0,2}"
    rf"{_BEFORE}{_THING}(?: [#(]?(?=[\w-]{{0,40}}[\d.])[\w.-]{{1,81}}+\)?"
    r"| (?:for|to) (?:the )?(?:user|customer|account|device)(?: \S{1,40})?"
    r"|(?<=code|upon|cher|type) [.\w-]{1,40})? "
)
_ENDS = (
    r"(?=$|[:=](?! ?(?:\d{1,9}(?:,|$)|false|no\b|none))|[;,(.-]| [(-]| \w{1,20}="
    r"| (?:by(?! (?:the )?(?:user|customer)\b)|for|because|due|as(?! expected)|on|to|at|in|after"
    r"|with|from|until|since)\b)"
)
_STATED = re.compile(
    rf"{_ABOUT}(?:(?:was|is|were|has been|got) )?(?:declined|refused|rejected|denied|blocked|locked"
    r"|suspended|disabled|deactivated|inactive|quarantined|infected|truncated|throttled|bounced"
    r"|reached|exceeded|turned off|sold out|out of stock|too (?:large|big)|unsupported"
    r"|(?<=link )expired|(?<=code )expired|(?<=coupon )expired|(?<=voucher )expired"
    r"|(?<=invitation )expired|(?<=trial )expired|(?<=card )expired"
    r"|(?<=payment )failed|(?<=intent )failed|(?<=in )failed|(?<=ation )failed|(?<=check )failed"
    r"|already (?:taken|used|registered|booked|redeemed)|(?:not|no longer) (?:accepted"
    rf"|applied|allowed|available|valid|supported|added|stored|created|eligible)){_ENDS}"
    r"|\bexceeded (?:the|their|its|your) (?:[\w-]{1,20} ){0,3}(?:limit|quota|allowance)\b"
    r"|\binsufficient (?:funds|stock|balance)\b|^unsupported (?:file|media|image) type\b"
    r"|^(?:access|action) denied[:,]"
)
_SAYS_NO = re.compile(r"^[^:,]{1,80} (?:declined|refused|rejected|denied|blocked)\b")
_SURE = 5  # of the notes, those that state something themselves; the first in any log
_SENDING = r"(?:e?-?mail|sms|message|confirmation|notification|notice|receipt|push|reminder)"
_NOT_SENT = re.compile(
    r"^(?!.{0,200}\b(?:slack|discord|teams|admin|internal|staff|ops|bulk|supplier|vendor|partner"
    r"|employee|analytics|web ?hook)\b).{0,200}(?:"
    rf"\b{_SENDING}\b.{{0,40}}(?:(?:could not|cannot) be|not) (?:sent|delivered)"
    rf"|(?:failed to|could not|couldn't|unable to|cannot) (?:send|deliver)"
    rf" (?:[\w-]{{1,20}} ){{0,4}}{_SENDING}\b)"
)
_FAILED = re.compile(
    rf"{_ABOUT}(?:failed|lost|aborted|timed out|(?:could not|cannot) be \w{{3,12}}"
    rf"|not (?:sent|saved|created|delivered|stored|captured|placed)){_ENDS}"
    r"|\b(?:failed to|could not|couldn't|unable to|cannot) (?:save|create|charge|capture|process"
    r"|refund|book|place|submit|store|upload|generate|render|apply|update|complete) "
    rf"{_BEFORE}{_THING}(?=$| [\d(#]|[:;,(.-]| (?:for|to|of|as|because|due)\b)"
    r"|^(?:graphql|mutation) \w{1,40} failed\b"
)
FEATURE_OFF = "A feature is turned off for the customer"
_NOTES = tuple(
    (re.compile(pattern), kind, sentence)
    for pattern, kind, sentence in (
        (
            r"^(?!.{0,200}(?:evaluat|variation|variant|resolved|strategy|rollout|default))"
            r".{0,100}(?:\b(?:feature(?! flags)|flag|toggle|beta)\b.{0,60}(?<!\d )\b(?:disabled"
            r"|(?:turned )?off|not enabled|inactive|not available)"
            r"|\b(?:disabled|off|not enabled)\b.{0,30}\b(?:feature|flag)\b.{0,30}) (?:for|in|on)"
            r" (?:the |this |your )?(?:account|tenant|plan|workspace|customer|user|org|team|shop)",
            Kind.WARNING,
            FEATURE_OFF,
        ),
        (
            r"(?:web ?hook|callback|\bipn\b).{0,80}(?:reject|refus|(?:invalid|bad) signature"
            r"|signature.{0,30}(?:fail|mismatch|invalid)|verif\w{1,8} fail)"
            r"|(?:invalid|bad) (?:\w{1,20} ){0,2}(?:signature.{0,60}web ?hook|web ?hook signature)",
            Kind.REFUSED,
            "{message} was refused",
        ),
        (
            r"\bno\b.{0,30}(?:web ?hook|callback|\bipn\b|confirmation)"
            r"(?: (?!config|regist|need|requir|url|endpoint|secret)\w{1,20})? (?:received|arrived"
            r"|came|from|within|after|for (?:order|payment|invoice))\b"
            r"|(?:web ?hook|callback).{0,40}\b(?:never|not received|overdue|did not arrive)\b",
            Kind.FAILED,
            "{message} didn’t arrive",
        ),
        (
            r"too large body|\b(?:body|payload|entity|file|upload|attachment|image|photo|video)\b"
            r".{0,40}(?:too (?:large|big)|(?:exceed|(?:more|larger|bigger) than|above|over).{0,30}"
            r"(?:limit|(?:allowed|max\w{0,4}) size|maximum|\d ?[kmg]i?b))"
            r"(?!.{0,60}(?:recommend|will be))"
            r"|max\w{0,4}.?file.?size.{0,20}exceed",
            Kind.REFUSED,
            "What was sent is too large",
        ),
        (
            r"\b(?:waited|delayed) .{0,40}\b(?:in|for) (?:the )?(?:queue|backlog)\b",
            Kind.FAILED,
            "Work in the background had to wait",
        ),
        (
            r"(?:block|reject|refus|declin|stopp|flagg)\w{0,4}.{0,30}"
            r"\b(?:fraud|risk|abuse|spam|bots?)\b(?!@)|\b(?:fraud|risk|abuse|spam)\b.{0,30}(?:block|reject|refus|declin|stopp)",
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
            r"\b(?:coupon|voucher|promo(?:tion)?(?: code)?|discount|gift ?card)\b.{0,40}"
            r"\b(?:refused|rejected|declined|denied|(?:not|no longer) (?:accepted|applied"
            r"|valid))\b",
            Kind.REFUSED,
            "A coupon or discount was not accepted",
        ),
        (
            r"maintenance.{0,20}\b(?:on|mode|enabled|active|in progress)\b",
            Kind.FAILED,
            "Our server was down for maintenance",
        ),
        (
            r"\b(?:upload|file|attachment).{0,40}(?:reject|refus|blocked|infected|virus|malware"
            r"|unsupported|not (?:allowed|supported|accepted))",
            Kind.REFUSED,
            "The file was refused",
        ),
        (
            r"(?:web ?socket|\bsse\b|event ?source|live connection|socket).{0,60}(?:disconnect"
            r"|closed|lost|dropp|fail|error)",
            Kind.FAILED,
            "The live connection was lost",
        ),
        (
            r"^(?!.{0,200}bounc).{0,200}(?:storage|space).{0,30}"
            r"(?:quota|exceed|full|used up|limit reached)"
            r"|quota.{0,30}(?:storage|space)",
            Kind.REFUSED,
            "There is no room left for the customer",
        ),
        (
            r"\b(?:link|invitation|share|url|download).{0,20}expired",
            Kind.REFUSED,
            "A link had expired",
        ),
        (r"^rate limit|\bthrottled\b", Kind.REFUSED, "There were too many tries in a short time"),
        (
            r"\b(?:limit|quota)\b.{0,20}(?:reached|exceeded)|exceed.{0,40}\b(?:limit|quota)\b"
            r"|truncated.{0,40}\blimit\b",
            Kind.REFUSED,
            "It went over a set limit",
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
_IN_CODE = any_case(
    r"deprecat|will be removed|not recommended|has been renamed|\bremovedin|futurewarning"
    r"|resourcewarning|userwarning|experimentalwarning|hydrat|unique \"key\" prop|peer dep"
    r"|blocked_by_client|runtime\.lasterror|message port closed|-extension://"
    r"|\bcookies?\b.{0,60}(?:rejected|samesite)"
    r"|content.security.policy|mixed content|source ?map|devtools|\[hmr\]|\[vite\]|strict mode"
    r"|act\(\)|\bplay\(\)|\bprop type\b|react error #4(?:18|2[0-5])\b|non-passive|preload"
    r"|while writing result|user aborted|redundant navigation|'postmessage'"
    r"|\bcanary\b|\bsynthetic\b|(?:smoke|load|self).?test|\bsandbox\b|\bdry.?run\b|test mode"
)
_GOOD_END = re.compile(
    r"\b(?:succeeded|successful(?:ly)?|recovered|resolved|(?:re)?connected|healthy"
    r"|(?<!be )established|refreshed|renewed|extended|restored)\b"
)
_PLATFORMS = {Side.BROWSER: "javascript", Side.SERVER: "python"}
# What the program does instead, so that the customer may notice nothing.
_COPED = re.compile(
    r"[,;:(-] ?(?:now )?(?!cancel|abort|block|reject|leav|lock|suspend|stopp|refus|redirect|deny"
    r"|clos|revok|giving|missing|end)[a-z]{3,12}ing\b|\bwill (?:be )?retr|\bfall(?:ing)?[ -]?back\b"
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
_REFUSED_IT, _FAILED_IT = "refused something to the customer", "could not finish a task"
UNCLEAR = frozenset((LOGGED_ERROR, LOGGED_WARNING, _REFUSED_IT, _FAILED_IT))


_NOTHING = Remark(Kind.WORKED, "")  # customers don't notice it


def log_remark(log: LogEntry, side: Side, *, is_known: bool = True) -> Remark | None:
    """Return what a log entry says, or None if nothing about the customer.

    Below a warning, only what was refused to the customer counts. Without `is_known`, it is read
    less closely.
    """
    message, severity = (log.message or "")[:_MAX_TEXT], (log.severity or "info").lower()
    text, is_loud = message.lower(), severity in _LOUD
    is_error = not is_mere_warning(log)
    is_off = bool(_NOTES[0][0].search(text))
    if severity not in (*_LOUD, "info") or (_says_nothing(text) and not is_off):
        return None
    is_stated = is_off or (
        not tells_coping(log) and _is_stated(text, is_error=is_error, is_loud=is_loud)
    )
    if not (is_loud or is_stated):
        return None
    said = _noted(text, is_loud=is_loud)
    if said is None and is_known:
        said = _ruled(log, severity, side)
    if said is None:
        said = _worded(text, side, is_error=is_error, is_stated=is_stated)
    return replace(said, target=message, is_stated=is_stated) if said and said.subject else None


def _is_stated(text: str, *, is_error: bool, is_loud: bool) -> bool:
    """Return whether it states that something of the customer's was refused or failed."""
    has_failed = is_error and (_FAILED.search(text) or _NOT_SENT.search(text))
    is_sure = is_loud and any(pattern.search(text) for pattern, *_said in _NOTES[:_SURE])
    return bool(_STATED.search(text) or has_failed) or is_sure


def _says_nothing(text: str) -> bool:
    """Return whether it is about the program alone, or about what went well after all."""
    return bool(
        _IN_CODE.search(text) or _GOOD_END.search(text) or _TELEMETRY.search(text)
    ) or _names_noise(text)


def is_loud(log: LogEntry) -> bool:
    """Return whether it is a warning or worse."""
    return (log.severity or "").lower() in _LOUD


def tells_coping(log: LogEntry) -> bool:
    """Return whether it says what the program did instead of what did not work."""
    return bool(_COPED.search((log.message or "")[:_MAX_TEXT].lower()))


def tells_good_end(log: LogEntry) -> bool:
    """Return whether it says that something went well after all."""
    return bool(_GOOD_END.search((log.message or "")[:_MAX_TEXT].lower()))


def is_mere_warning(log: LogEntry) -> bool:
    """Return whether the program went on, as far as the log entry says."""
    is_error = (log.severity or "info").lower() in _ERRORS
    return not is_error or (log.message or "").lower().startswith("warning")


def _names_noise(text: str) -> bool:
    """Return whether it is about a request that no customer makes."""
    paths = (word for word in text.split() if word.startswith("/"))
    return any(NOISE_PATH.search(path) for path in paths)


def program_name(side: Side) -> str:
    """Return the name of the program that logged, at the beginning of a sentence."""
    names = {Side.SERVER: "Our server", Side.BROWSER: "Our website", Side.DEVICE: "The app"}
    return names.get(side, "The program")


def _worded(text: str, side: Side, *, is_error: bool, is_stated: bool) -> Remark | None:
    """Return what `booking rejected` says, or else only that something was logged."""
    deed, verdict = deed_in(text), _VERDICT.match(text)
    if deed and verdict:
        is_failure = bool(verdict[1])
        outcome = "failed" if is_failure else "was refused"
        return Remark(Kind.FAILED if is_failure else Kind.REFUSED, deed, outcome)
    if is_stated and _SAYS_NO.search(text):
        return Remark(Kind.REFUSED, program_name(side), _REFUSED_IT)
    if is_stated and is_error and not _STATED.search(text):
        undone = "could not send a message" if _NOT_SENT.search(text) else _FAILED_IT
        return Remark(Kind.FAILED, program_name(side), undone)
    if is_error:
        return Remark(Kind.NOTE, program_name(side), LOGGED_ERROR)
    is_trouble = _TROUBLE.search(text)
    return Remark(Kind.NOTE, program_name(side), LOGGED_WARNING) if is_trouble else None


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


_ON_DAY = re.compile(
    r"expired (?:on |at |since )?((?:\d{1,2} )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"[a-z]{0,6}(?: \d{1,2})?(?:,? \d{4})?|\d{4}-\d\d-\d\d)\b"
)
_UNPAID = re.compile(r"\border\b.{0,40}\b(?:stays|remains|is still|still|left) (?:un|not )paid\b")


def _with_outcome(sentence: str, text: str) -> str:
    """Return the sentence with the day of an expiry, or that the order stays unpaid."""
    if sentence.endswith("it had expired") and (day := _ON_DAY.search(text)):
        return f"{sentence} on {day[1].title()}"
    is_unpaid = sentence.endswith("didn’t arrive") and _UNPAID.search(text)
    return f"{sentence}, and the order is still unpaid" if is_unpaid else sentence


_CODE = any_case(
    r"\b(?:coupon|voucher|promo|discount)(?: code)? [\"'“]?"
    r"((?=[A-Z-]{0,19}\d)[A-Z0-9][A-Z0-9-]{2,19})(?![\w<>@./-])"
)
_FEATURE = any_case(
    r"\b(?:feature|flag|toggle)(?: flag)? [\"'“]?([a-z][a-z0-9]{1,19}(?:[-_][a-z0-9]{1,19}){1,4})"
    r"(?![\w<>@./-])"
)


def name_in_log(log: LogEntry, sentence: str) -> str:
    """Return the code or feature that the sentence is about, if the log has it in such a shape."""
    is_feature = FEATURE_OFF in sentence
    if not is_feature and "coupon" not in sentence.lower():
        return ""
    found = (_FEATURE if is_feature else _CODE).search((log.message or "")[:_MAX_TEXT])
    return found[1] if found else ""


def _noted(text: str, *, is_loud: bool) -> Remark | None:
    """Return what the rules of logs alone say; that something is lost needs a warning."""
    for pattern, kind, sentence in _NOTES:
        if (is_loud or kind is not Kind.FAILED) and pattern.search(text):
            said = _with_sizes(sentence.replace("{message}", sender_in(text)), text)
            return Remark(kind, _with_outcome(said, text))
    return None


def needs_rules(log: LogEntry) -> bool:
    """Return whether it can matter what the rules of errors say about the message."""
    is_loud = (log.severity or "").lower() in _LOUD
    return is_loud or bool(_STATED.search((log.message or "")[:_MAX_TEXT].lower()))


def plain_message(log: LogEntry) -> str:
    """Return the message without its numbers: they say nothing about what happened."""
    return _NUMBER.sub("0", (log.message or "")[:_MAX_TEXT])


def _is_misread(sentence: str, text: str) -> bool:
    """Return whether a sentence is about a step of the program, or an account in another sense."""
    is_account = bool(re.search(r"account is|password|sign-in", sentence))
    return " at a step" in sentence or (is_account and not _OF_ACCOUNT.search(text))


_OF_ACCOUNT = re.compile(
    r"^[^:]{0,80}(?:log-?in|sign|account|password|access|auth|otp|2fa|session|token|csrf|user)"
)


def _ruled(log: LogEntry, severity: str, side: Side) -> Remark | None:
    """Return what the rules of errors say about the message."""
    platform = _PLATFORMS.get(side)
    text = plain_message(log)
    text = text if severity in _LOUD else _QUOTED.sub("_", text)
    event = Event(log.id, log.timestamp, message=text, level=severity, platform=platform)
    rule = rule_for(event)
    if rule is None or rule.broad or _is_misread(rule.sentence_for(side), text.lower()):
        return None
    if rule.slight:
        return _NOTHING
    kind = Kind.FAILED if severity in _ERRORS else Kind.WARNING
    kind = Kind.REFUSED if _REFUSAL.search(text.lower()) else kind
    return Remark(
        kind,
        rule.sentence_for(side)[:-1],
        place=None if rule.reads is Reading.STATEMENT else rule.place_for(side),
    )
