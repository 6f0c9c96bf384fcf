"""What one log entry says, in plain words of our own."""

import re
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from apps.events.activity_text import (
    NOISE_PATH,
    TOO_LARGE,
    Kind,
    Remark,
    action_in,
    sender_in,
)
from apps.events.event import Event, LogEntry
from apps.events.patterns import PatternFile
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
_FALLBACK = _FILE.compile("fallback")
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
_QUOTED = _FILE.compile("quoted")
_NUMBER = _FILE.compile("number")
_VERDICT = _FILE.compile("verdict")
_SIZES = _FILE.compile("sizes")
_ON_DAY = _FILE.compile("on_day")
_UNPAID = _FILE.compile("unpaid")
_ABOUT_ACCOUNT = re.compile(r"account is|password|sign-in")
_OF_ACCOUNT = _FILE.compile("of_account")
_CODE = _FILE.compile("code", re.IGNORECASE)
_FEATURE = _FILE.compile("feature", re.IGNORECASE)

LOGGED_ERROR, LOGGED_WARNING = "logged an error", "logged a warning"
_REFUSED_IT, _FAILED_IT = "refused something to the customer", "could not finish a task"
UNCLEAR = frozenset((LOGGED_ERROR, LOGGED_WARNING, _REFUSED_IT, _FAILED_IT))
_NOTHING = Remark(Kind.WORKED, "")  # customers don't notice it


class LogReader:
    """A log entry and the side that recorded it.

    `message` is the part of the message that is read, `text` the same in lowercase.
    """

    def __init__(self, log: LogEntry, side: Side = Side.UNKNOWN) -> None:
        self.log, self.side = log, side
        self.message = (log.message or "")[:_MAX_TEXT]
        self.text = self.message.lower()
        self.severity = (log.severity or "info").lower()
        self.is_loud = self.severity in _LOUD  # a warning or worse
        # Whether the program stopped, as far as the log entry says
        self.is_error = self.severity in _ERRORS and not self.text.startswith("warning")
        names = {Side.SERVER: "Our server", Side.BROWSER: "Our website", Side.DEVICE: "The app"}
        self.program_name = names.get(side, "The program")

    @cached_property
    def plain_message(self) -> str:
        """The message without its numbers: they say nothing about what happened."""
        return _NUMBER.sub("0", self.message)

    @property
    def used_fallback(self) -> bool:
        """Whether it says what the program did instead of what did not work."""
        return bool(_FALLBACK.search(self.text))

    @property
    def ended_well(self) -> bool:
        """Whether it says that something went well after all."""
        return bool(_GOOD_END.search(self.text))

    @property
    def needs_rules(self) -> bool:
        """Whether it can matter what the rules of errors say about the message."""
        return self.is_loud or bool(_STATED.search(self.text))

    def remark(self, *, is_known: bool = True) -> Remark | None:
        """Return what it says, or None if nothing about the customer.

        Below a warning, only what was refused to the customer counts. Without `is_known`, it is
        read less closely.
        """
        is_off = bool(_IS_OFF.search(self.text))
        if self.severity not in (*_LOUD, "info") or (self._says_nothing and not is_off):
            return None
        is_stated = is_off or (not self.used_fallback and self._is_stated)
        if not (self.is_loud or is_stated):
            return None
        said = self._noted() or (self._ruled() if is_known else None) or self._worded(is_stated)
        if said is None or not said.subject:
            return None
        return replace(said, target=self.message, is_stated=is_stated)

    @property
    def _is_stated(self) -> bool:
        """Whether it states that something of the customer's was refused or failed."""
        has_failed = self.is_error and (_FAILED.search(self.text) or _NOT_SENT.search(self.text))
        is_sure = self.is_loud and any(
            note.is_sure and note.pattern.search(self.text) for note in _NOTES
        )
        return bool(_STATED.search(self.text) or has_failed) or is_sure

    @property
    def _says_nothing(self) -> bool:
        """Whether it is about the program alone, what went well, or what no customer requests."""
        return (
            self.ended_well
            or bool(_IN_CODE.search(self.text) or _TELEMETRY.search(self.text))
            or any(NOISE_PATH.search(word) for word in self.text.split() if word.startswith("/"))
        )

    def _noted(self) -> Remark | None:
        """Return what the rules of logs alone say; that something is lost needs a warning."""
        for note in _NOTES:
            if (self.is_loud or note.kind is not Kind.FAILED) and note.pattern.search(self.text):
                sentence = note.sentence.replace("{message}", sender_in(self.text))
                return Remark(note.kind, _with_details(sentence, self.text))
        return None

    def _ruled(self) -> Remark | None:
        """Return what the rules of errors say about the message."""
        text = self.plain_message if self.is_loud else _QUOTED.sub("_", self.plain_message)
        platform = _PLATFORMS.get(self.side)
        log, severity = self.log, self.severity
        event = Event(log.id, log.timestamp, message=text, level=severity, platform=platform)
        rule = rule_for(event)
        if rule is None or rule.broad:
            return None
        text, sentence = text.lower(), rule.sentence_for(self.side)
        is_other_account = _ABOUT_ACCOUNT.search(sentence) and not _OF_ACCOUNT.search(text)
        if " at a step" in sentence or is_other_account:
            return None
        if rule.slight:
            return _NOTHING
        kind = Kind.FAILED if severity in _ERRORS else Kind.WARNING
        kind = Kind.REFUSED if _REFUSAL.search(text) else kind
        place = None if rule.reads is Reading.STATEMENT else rule.place_for(self.side)
        return Remark(kind, sentence[:-1], place=place)

    def _worded(self, is_stated: bool) -> Remark | None:
        """Return what `booking rejected` says, or else only that something was logged."""
        action, verdict = action_in(self.text), _VERDICT.match(self.text)
        if action and verdict:
            is_failure = bool(verdict[1])
            outcome = "failed" if is_failure else "was refused"
            return Remark(Kind.FAILED if is_failure else Kind.REFUSED, action, outcome)
        if is_stated and _SAYS_NO.search(self.text):
            return Remark(Kind.REFUSED, self.program_name, _REFUSED_IT)
        if is_stated and self.is_error and not _STATED.search(self.text):
            undone = "could not send a message" if _NOT_SENT.search(self.text) else _FAILED_IT
            return Remark(Kind.FAILED, self.program_name, undone)
        if self.is_error:
            return Remark(Kind.NOTE, self.program_name, LOGGED_ERROR)
        is_trouble = _TROUBLE.search(self.text)
        return Remark(Kind.NOTE, self.program_name, LOGGED_WARNING) if is_trouble else None


def _with_details(sentence: str, text: str) -> str:
    if TOO_LARGE in sentence and (sizes := _SIZES.search(text)):
        own, limit = (
            re.sub(r"[kmg]i?b", lambda unit: unit[0].upper(), size).replace("I", "i")
            for size in sizes.groups()
        )
        return f"{sentence}: {own}, more than the limit of {limit}"
    if sentence.endswith("it had expired") and (day := _ON_DAY.search(text)):
        return f"{sentence} on {day[1].title()}"
    if sentence.endswith("didn’t arrive") and _UNPAID.search(text):
        return f"{sentence}, and the order is still unpaid"
    return sentence


def name_in_log(log: LogEntry, sentence: str) -> str:
    """Return the code or feature that the sentence is about, if the log has it in such a shape."""
    is_feature = FEATURE_OFF in sentence
    if not is_feature and "coupon" not in sentence.lower():
        return ""
    found = (_FEATURE if is_feature else _CODE).search((log.message or "")[:_MAX_TEXT])
    return found[1] if found else ""
