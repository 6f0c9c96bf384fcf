"""What a reply tells the customer: only our own sentences, never a word of an event."""

import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from apps.answers.templates import About
from apps.events.answer import Answer, Known
from apps.events.grouping import Group
from apps.events.releases import Fix, fix_for, short_release, told_day
from apps.events.rules.rule import zone_of_customer
from apps.events.summary import is_specific, summarize_group
from apps.known_errors.patterns import filled
from apps.lookups.known_errors import values_for

# Our plain sentences as they are said to the customer, not about them.

# The longer forms first: each turns what is told of somebody into what is told to them.
_TURNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(\b[Tt]he customer\b.*?)\bthey are\b"), lambda found: f"{found[1]}you are"),
    (re.compile(r"\b([Tt])he customer's\b"), lambda found: _cased(found[1], "your")),
    (re.compile(r"\b([Tt])he customer was\b"), lambda found: _cased(found[1], "you were")),
    (re.compile(r"\b([Tt])he customer (?:has|had)\b"), lambda found: _cased(found[1], "you had")),
    (re.compile(r"\b([Tt])he customer does\b"), lambda found: _cased(found[1], "you do")),
    (re.compile(r"\b([Tt])he customer is\b"), lambda found: _cased(found[1], "you are")),
    (re.compile(r"\b([Tt])he customer\b"), lambda found: _cased(found[1], "you")),
)


def spoken_to(sentence: str) -> str:
    """A sentence of `events.summary` to the customer: "Your browser is too old for the page." """
    for pattern, turned in _TURNS:
        sentence = pattern.sub(turned, sentence)
    return sentence


def _cased(first: str, words: str) -> str:
    return words[0].upper() + words[1:] if first == "T" else words


_SORRY = re.compile(r"\b(?:sorry|apolog)", re.IGNORECASE)
_LONGER_WORD = re.compile(r"\w{4,}")


def reply_values(about: About) -> dict[str, str]:
    """The variables of a reply, as `draft_text.VARIABLES` tells them."""
    answer, zone = about.answer, _zone_of(about)
    groups = about.groups
    words = values_for(None, answer, name=about.name, zone=about.zone, today=about.today)
    known_reply = _known_replies(about)
    fix, workaround = _fixes(about, known_reply), _workarounds(about, known_reply)
    helps = known_reply or fix or workaround
    return {
        "greeting": words["greeting"],
        "moment": words["moment"],
        "happened": " ".join(map(_told, groups)) or _nothing(answer, zone),
        "how_often": _how_often(groups, answer, zone),
        "sorry": "" if _SORRY.search(known_reply) else "We are sorry for the trouble.",
        "known_reply": known_reply,
        "fix": fix,
        "workaround": workaround,
        "next": "" if helps else _next(about),
        "unsure": _unsure(groups, answer),
        "agent": about.agent,
    }


def _zone_of(about: About) -> ZoneInfo:
    return zone_of_customer(about.answer.events) or about.zone


def _told(group: Group) -> str:
    deed, colon, core = summarize_group(group).partition(": ")
    if not colon:
        return spoken_to(deed)
    told = spoken_to(core)
    return f"{deed.replace('While ', 'While you were ', 1)}, {told[0].lower()}{told[1:]}"


def _how_often(groups: tuple[Group, ...], answer: Answer, zone: ZoneInfo) -> str:
    """How often the first problem came; said of one problem only, or nobody knows of which."""
    if len(groups) != 1:
        return ""
    count = len(groups[0].events)
    began, ended = groups[0].events[-1].timestamp, groups[0].newest.timestamp
    times = "once" if count == 1 else "twice" if count == 2 else f"{count} times"
    sure = "" if answer.complete else "at least "
    since, until = _clock(began, answer, zone), _clock(ended, answer, zone)
    if since == until:
        return f"We saw this {sure}{times}, at {since}."
    return f"We saw this {sure}{times} between {since} and {until}."


def _clock(when: datetime, answer: Answer, zone: ZoneInfo) -> str:
    local, asked = when.astimezone(zone), answer.question.window.moment.astimezone(zone)
    if local.date() == asked.date():
        return f"{local:%H:%M}"
    return f"{local:%H:%M} on {local.day} {local:%b}"


def _nothing(answer: Answer, zone: ZoneInfo) -> str:
    """Of nothing it says where was looked, and how far that can be trusted."""
    window = answer.question.window
    since, until = _clock(window.start, answer, zone), _clock(window.end, answer, zone)
    if answer.events:
        return ""
    if answer.complete:
        return f"Our systems recorded no errors for you between {since} and {until}."
    if answer.only_waits:
        return f"So far, our systems have recorded no errors for you between {since} and {until}."
    return (
        f"We haven't found any errors for you between {since} and {until} yet, but we "
        "couldn't check everything."
    )


def _unsure(groups: tuple[Group, ...], answer: Answer) -> str:
    if answer.complete:
        return ""
    if answer.only_waits:
        return "Reports can reach us a few minutes late, so there may be more to it."
    if groups:
        return "We couldn't check everything yet, so there may be more to it."
    return "That does not mean that nothing went wrong."


def _next(about: About) -> str:
    """What is asked of the customer where no known error says more. It promises nothing."""
    groups = about.groups
    if about.best_known:
        return "We know about this problem, but we don't have a date for the fix yet."
    if not groups:
        return (
            "To look into this further, we need a bit more from you: exactly when it "
            "happened, what you had just done, and what you saw on the screen. A screenshot "
            "helps most."
        )
    again = "If it happens again, please tell us when it happened and what you had just done."
    if all(is_specific(group.newest) for group in groups):
        return again
    return f"We do not know the cause yet. {again}"


def _known_replies(about: About) -> str:
    """The replies of the known errors, without their greeting: a draft has one of its own."""
    answer, told = about.answer, []
    for group, match in about.best_known:
        known = match.known
        if _is_overtaken(known, fix_for(known, group, about.today)):
            continue
        values = values_for(match, answer, name="", zone=about.zone, today=about.today)
        text = filled(known.reply, {**values, "greeting": ""})
        text = re.sub(r"\n{3,}", "\n\n", text).strip(" \n,")
        told.append(f"{text[:1].upper()}{text[1:]}")
    return "\n\n".join(filter(None, told))


def _is_overtaken(known: Known, fix: Fix) -> bool:
    """Whether the reply names a day that is over, or a release that does not have the fix."""
    if fix is Fix.OVERDUE:
        return "{planned_for}" in known.reply
    return fix is Fix.BACK and "{fixed_in}" in known.reply


def _workarounds(about: About, known_reply: str) -> str:
    known = [match.known for _group, match in about.best_known]
    told = [one.workaround.strip() for one in known if one.workaround.strip()]
    return "\n\n".join(
        f"Until it's fixed, this can help: {one}" for one in told if not _says(known_reply, one)
    )


def _says(reply: str, workaround: str) -> bool:
    """Whether the reply has told it already, as far as half of its longer words can show."""
    if workaround in reply:
        return True
    told, words = (set(_LONGER_WORD.findall(text.casefold())) for text in (reply, workaround))
    return bool(words) and 2 * len(words & told) >= len(words)


def _fixes(about: About, known_reply: str) -> str:
    told = (_fix(match.known, group, about) for group, match in about.best_known)
    return " ".join(one for day, one in told if one and day not in known_reply)


def _fix(known: Known, group: Group, about: About) -> tuple[str, str]:
    """What would tell it in a reply already, and the sentence; both empty where none is sure."""
    fix = fix_for(known, group, about.today)
    if fix is Fix.PLANNED and known.planned_for:
        day = told_day(known.planned_for, about.today)
        return day, f"A fix is planned for {day}."
    if fix is Fix.NEWER:
        release = short_release(known.fixed_in)
        return release, f"This is fixed in version {release}. You were using an older version."
    return "", ""
