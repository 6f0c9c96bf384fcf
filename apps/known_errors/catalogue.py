"""This process's compiled catalog: matching an answer, replying, and saving entries."""

import logging
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from unicodedata import category
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import connection

from apps.audit.models import Action
from apps.audit.trail import Actor, audited_transaction, record
from apps.events.answer import Answer, CatalogEntry, KnownMatch
from apps.events.grouping import UNGROUPED, find_problem, order_names, problems_of
from apps.events.observations import may_have_paid_in, troubles_of
from apps.events.patterns import PatternFile
from apps.events.releases import format_day, short_release
from apps.events.rules.rule import zone_of_customer
from apps.events.summary import concerns_payment, has_failed, may_have_paid
from apps.known_errors.matching import Catalogue, Entry, build_catalogue, match
from apps.known_errors.models import KnownError
from apps.known_errors.patterns import (
    PartRefused,
    TextRefused,
    check_reply,
    fill_variables,
    has_invalid_characters,
    parse_pattern,
)

_log = logging.getLogger(__name__)


def current_catalogue() -> Catalogue:
    """Return the active entries, ready for matching; one query while nothing has changed."""
    return _cached_catalogue(catalogue_stamp())


def catalogue_stamp() -> tuple[object, ...]:
    """Return values that change with the entries.

    They include the number of versions, because of two concurrent changes the earlier one can
    become visible last, which leaves the newest time unchanged.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STAMP)
        stamp: tuple[object, ...] = cursor.fetchone()
    return stamp


# Django would take ten times as long to write this query, which each result needs.
_STAMP = (
    "SELECT COUNT(*), MAX(history_id), MAX(history_date) "  # noqa: S608 - our own name
    f"FROM {KnownError.history.model._meta.db_table}"
)


@lru_cache(maxsize=1)
def _cached_catalogue(_stamp: tuple[object, ...]) -> Catalogue:
    entries: list[Entry] = []
    unusable = 0
    for known_error in KnownError.objects.filter(is_active=True):
        try:
            entries.append(known_error.entry)
        except PartRefused:  # an earlier version of Triage accepted it
            _log.error("The known error %s has a pattern that cannot be used.", known_error.slug)
            unusable += 1
    return replace(build_catalogue(entries), unusable=unusable)


def search_catalogue(words: str, projects: Collection[str] | None) -> list[CatalogEntry]:
    """Return the active entries that contain the largest number of the words.

    `projects` are the slugs that the reader can see, or None for all; entries about other
    projects are left out. Without words, return all entries.
    """
    wanted = words.casefold().split()
    found = []
    for entry in current_catalogue().entries:
        project, known = entry.pattern.project, entry.known
        if project and projects is not None and project not in projects:
            continue
        texts = (known.slug, known.title, known.explanation, known.reply, known.workaround)
        text = " ".join((*texts, known.fixed_in)).casefold()
        found.append((sum(word in text for word in wanted), known))
    most = max((count for count, _known in found), default=0)
    return [known for count, known in found if count == most and (count or not wanted)]


# Validation, shared by the form and the import of files.

MAX_LINKS = 20
MAX_LABEL_LENGTH = 100
MAX_ADDRESS_LENGTH = 500
_validate_url = URLValidator(schemes=("http", "https"))
# Unicode categories of control characters and line separators.
_FORBIDDEN_IN_LINE = frozenset(("Cc", "Zl", "Zp"))
_TEXT_FIELDS = ("title", "explanation", "reply", "workaround", "fixed_in", "owner")
_LINE_FIELDS = frozenset(("title", "fixed_in", "owner"))


class Refusal(NamedTuple):
    """Why an entry cannot be saved: the field (`part`) and a sentence for the page."""

    part: str
    sentence: str


def normalize_text(text: str) -> str:
    """Return the text stripped, with `\\n` as its only line ending."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def validate_entry(entry: KnownError) -> list[Refusal]:
    """Return the reasons against saving the entry; empty if it is valid."""
    refusals = [*_check_texts(entry)]
    try:
        parse_pattern(entry.pattern)
    except PartRefused as refused:
        refusals.append(Refusal(refused.part, str(refused)))
    refusals += [*_check_state_and_dates(entry), *_check_links(entry)]
    if not any(refusal.part in ("state", "links") for refusal in refusals):
        try:
            check_reply(entry.known)
        except TextRefused as refused:
            refusals.append(Refusal("reply", str(refused)))
    return refusals


def _check_texts(entry: KnownError) -> Iterator[Refusal]:
    if not entry.title:
        yield Refusal("title", "A title is missing.")
    if not entry.explanation:
        yield Refusal("explanation", "The explanation is missing.")
    for name in _TEXT_FIELDS:
        text = getattr(entry, name)
        limit = getattr(KnownError._meta.get_field(name), "max_length", None)
        if limit and len(text) > limit:
            yield Refusal(name, f"It's longer than {limit:,} characters.")
        if has_invalid_characters(text):
            yield Refusal(name, "It contains a character that isn't allowed in text.")
        if name in _LINE_FIELDS and any(
            category(character) in _FORBIDDEN_IN_LINE for character in text
        ):
            yield Refusal(name, "It must be one line of plain text.")


def _check_state_and_dates(entry: KnownError) -> Iterator[Refusal]:
    if entry.state not in KnownError.State.values:
        yield Refusal("state", f"The state must be one of: {', '.join(KnownError.State.values)}.")
    if entry.state == KnownError.State.PLANNED and entry.planned_for is None:
        yield Refusal("planned_for", "Enter the date the fix is planned for.")
    if entry.state == KnownError.State.FIXED and not entry.fixed_in:
        yield Refusal("fixed_in", "Enter the release that has the fix.")
    if entry.valid_from and entry.valid_until and entry.valid_from > entry.valid_until:
        yield Refusal("valid_until", "The end date is before the start date.")


def _check_links(entry: KnownError) -> Iterator[Refusal]:
    if len(entry.links) > MAX_LINKS:
        yield Refusal("links", f"You can add up to {MAX_LINKS} links.")
    for link in entry.links:
        label, address = link["label"], link["address"]
        if not label or len(label) > MAX_LABEL_LENGTH or not label.isprintable():
            sentence = f"A link needs a one-line label of up to {MAX_LABEL_LENGTH} characters."
            yield Refusal("links", sentence)
            continue
        try:
            _validate_url(address)
        except ValidationError:
            yield Refusal("links", f"“{address[:80]}” doesn't start with http:// or https://.")
            continue
        if len(address) > MAX_ADDRESS_LENGTH:
            sentence = f"An address can have up to {MAX_ADDRESS_LENGTH} characters."
            yield Refusal("links", sentence)


# Saving, which also writes a version and a record in the audit trail.

# The fields that people edit and that a version holds.
VERSIONED_FIELDS = (
    *("slug", "title", "pattern", "explanation", "reply", "workaround", "state", "planned_for"),
    *("fixed_in", "owner", "links", "valid_from", "valid_until", "is_active"),
)


def field_label(name: str) -> str:
    """Return the name of a versioned field in words."""
    if name == "pattern":
        return "what it looks like"
    return str(KnownError._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def changed_fields(one: object, other: object) -> tuple[str, ...]:
    """Return the names of the fields in which two entries or versions differ."""
    return tuple(name for name in VERSIONED_FIELDS if getattr(one, name) != getattr(other, name))


def save_entry(entry: KnownError, *, change: str, parts: Sequence[str], actor: Actor) -> None:
    """Save a validated entry and record the change in the audit trail."""
    with audited_transaction():
        # Only the key is stored, so the person need not be read.
        user = User(pk=actor.user_id) if actor.user_id else None
        entry.changed_by = user
        entry._history_user = user  # type: ignore[attr-defined]  # read by django-simple-history
        reason = f"{change} by {actor.name}" if actor.name and not user else change
        entry._change_reason = reason[:100]  # type: ignore[attr-defined]  # likewise
        entry.save()
        detail = {"change": change, "parts": list(parts)}
        record(Action.CATALOGUED, actor, target=entry.audit_target, detail=detail)


_MAX_NAME_LENGTH = 80


def with_reply(match: KnownMatch, answer: Answer, *, zone: ZoneInfo, today: date) -> CatalogEntry:
    """Return the known error with its reply filled in, with a greeting if it has a reply.

    A text that may be wrong for this customer is empty; see `may_be_wrong`. `zone` is used if the
    customer's own time zone is unknown.
    """
    reply = match.known.reply
    if reply and may_be_wrong(reply, match, answer):
        reply = ""
    elif reply:
        greeted = reply if "{greeting}" in reply else "{greeting}\n\n" + reply
        reply = fill_variables(greeted, reply_variables(match, answer, zone=zone, today=today))
    return replace(match.known, reply=reply, workaround=safe_workaround(match, answer))


_FILE = PatternFile.read("catalogue.toml", beside=__file__)
_ABOUT_MONEY = _FILE.compile("about_money", re.IGNORECASE)
_AGAIN_OR_FINE = _FILE.compile("again_or_fine", re.IGNORECASE)
_FINE = _FILE.compile("fine", re.IGNORECASE)


def may_be_wrong(text: str, match: KnownMatch, answer: Answer) -> bool:
    """Return whether its reply or workaround may be wrong, given another problem.

    While a payment's outcome is unknown, that is a text about money, such as “nothing was charged,”
    and of the same order also one that calls it fine or asks to try again. A payment that has its
    own known error doesn't count. An order is not fine if something else failed for it.
    """
    problems = problems_of(answer)
    own = find_problem(problems, match.issue_id)
    if own and _FINE.search(text):
        names = order_names(own.events)
        others = (one for one in problems if one.issue_id != own.issue_id and not one.is_noise)
        if any(names & order_names(one.events) and has_failed(one) for one in others):
            return True
    doubtful = [one for one in problems if may_have_paid(one) and not one.known_in(answer.known)]
    is_logged = any(
        may_have_paid_in(one) and not answer.known.for_issue(one.rows[0].id)
        for one in troubles_of(answer)
    )
    if not doubtful and not is_logged:
        return False
    is_same = own is None or concerns_payment(own, doubtful)
    says_more = is_same and _AGAIN_OR_FINE.search(text)
    return bool(says_more or _ABOUT_MONEY.search(text))


def safe_workaround(match: KnownMatch, answer: Answer) -> str:
    """Return the known error's workaround, unless it may be wrong for this customer."""
    workaround = match.known.workaround
    return "" if may_be_wrong(workaround, match, answer) else workaround


def reply_variables(
    match: KnownMatch, answer: Answer, *, zone: ZoneInfo, today: date
) -> dict[str, str]:
    """Return the variables of a reply; without errors of its own, `moment` is the reported time."""
    planned = match.known.planned_for
    times = [
        *((event.issue_id or UNGROUPED, event.timestamp) for event in answer.events),
        *((trouble.rows[0].id, trouble.at) for trouble in troubles_of(answer)),
    ]
    matched = [at for issue_id, at in times if issue_id == match.issue_id]
    matched = matched or [answer.question.window.moment]
    own = zone_of_customer(answer.events) or zone
    return {
        "greeting": greeting(""),
        "moment": customer_time(min(matched), max(matched), own),
        "planned_for": format_day(planned, today) if planned else "",
        "fixed_in": short_release(match.known.fixed_in),
    }


def greeting(name: str) -> str:
    """Return the first line of a reply, with the name as one line of printable characters."""
    line = " ".join("".join(char if char.isprintable() else " " for char in name).split())
    return f"Hello {line[:_MAX_NAME_LENGTH]}," if line else "Hello,"


def customer_time(first: datetime, last: datetime, zone: ZoneInfo) -> str:
    """Return date and time in that zone: 20 Nov 2026, 14:05 to 14:07 (Berlin time)."""
    since, until = first.astimezone(zone), last.astimezone(zone)
    area, _slash, city = zone.key.rpartition("/")
    zone_name = f"{city.replace('_', ' ')} time" if area and area != "Etc" else zone.key
    text = f"{since.day} {since:%b %Y, %H:%M}"
    if since.date() != until.date():
        text = f"{text} to {until.day} {until:%b %Y, %H:%M}"
    elif f"{since:%H:%M}" != f"{until:%H:%M}":
        text = f"{text} to {until:%H:%M}"
    return f"{text} ({zone_name})"


def with_known_errors(answer: Answer) -> Answer:
    """Return the answer with its known errors, which are never stored with it."""
    zone = ZoneInfo(settings.TIME_ZONE)
    return replace(answer, known=match(current_catalogue(), answer, zone=zone))


def with_replies(answer: Answer, *, zone: ZoneInfo, today: date) -> Answer:
    """Return the answer with its known errors' replies filled in, and none that may be wrong."""
    matches = tuple(
        replace(one, known=with_reply(one, answer, zone=zone, today=today))
        for one in answer.known.matches
    )
    return replace(answer, known=replace(answer.known, matches=matches))
