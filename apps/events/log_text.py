"""What one log entry says, in plain words of our own."""

import re
from dataclasses import replace
from typing import NamedTuple

from apps.events.activity_text import (
    NOISE_PATH,
    TOO_LARGE,
    Kind,
    Remark,
    deed_in,
    sender_in,
)
from apps.events.event import Event, LogEntry
from apps.events.patterns import PatternFile
from apps.events.query import any_case
from apps.events.rules.engine import rule_for
from apps.events.rules.rule import Reading, Side

_LOUD = frozenset(("warn", "warning", "error", "fatal", "critical"))
_ERRORS = frozenset(("error", "fatal", "critical"))
_FILE = PatternFile.read("log_text.toml")
_STATED = _FILE.compile("stated")
_FAILED = _FILE.compile("failed")
_NOT_SENT = _FILE.compile("not_sent")
_SAYS_NO = _FILE.compile("says_no")
_REFUSAL = _FILE.compile("refusal")
_TROUBLE = _FILE.compile("trouble")
_COPED = _FILE.compile("coped")
_GOOD_END = _FILE.compile("good_end")
_IN_CODE = _FILE.compile("in_code")
_TELEMETRY = _FILE.compile("telemetry")
FEATURE_OFF = "A feature is turned off for the customer"


class _Note(NamedTuple):
    sentence: str
    kind: Kind
    pattern: re.Pattern[str]
    is_sure: bool


_NOTES = tuple(
    _Note(
        row["sentence"],
        Kind(row["kind"]),
        re.compile(_FILE.expand(row["text"])),
        row.get("sure", False),
    )
    for row in _FILE.tables["notes"]
)
_IS_OFF = next(note.pattern for note in _NOTES if note.sentence == FEATURE_OFF)
_PLATFORMS = {Side.BROWSER: "javascript", Side.SERVER: "python"}
_MAX_TEXT = 300
_QUOTED = re.compile(r"(?<!\w)(?:'[^'\n]{3,200}'|\"[^\"\n]{3,200}\"|“[^”\n]{3,200}”)")
_NUMBER = re.compile(r"\d{5,40}|\b[0-9a-f]{8,64}\b(?:-[0-9a-f]{4,12}\b){0,4}")
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
    is_off = bool(_IS_OFF.search(text))
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
    is_sure = is_loud and any(one.is_sure and one.pattern.search(text) for one in _NOTES)
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
    for note in _NOTES:
        if (is_loud or note.kind is not Kind.FAILED) and note.pattern.search(text):
            said = _with_sizes(note.sentence.replace("{message}", sender_in(text)), text)
            return Remark(note.kind, _with_outcome(said, text))
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
