"""Variables of replies, made of our own sentences, releases, and the customer's name."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.answers.templates import About
from apps.events.activity_text import TOO_LARGE, Kind
from apps.events.answer import Answer, CatalogEntry
from apps.events.event import Event
from apps.events.grouping import Group, Problem, problems_of
from apps.events.observations import Observation, may_have_paid_in, times_text, troubles_of
from apps.events.releases import (
    CustomerFixState,
    customer_fix_state,
    customer_release,
    format_day,
    is_fixed_in_newer,
    short_release,
)
from apps.events.rules.rule import CUSTOMERS_SIDE, Place, Side, side_of, zone_of_customer
from apps.events.summary import (
    common_failure,
    fills_window,
    has_crashed,
    is_specific,
    may_have_paid,
    place_of,
    says_it_ended,
    summarize_group,
)
from apps.known_errors.catalogue import reply_variables
from apps.known_errors.patterns import fill_variables

# From the third person to the second, longer forms first.
_SECOND_PERSON: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(\b[Tt]he customer\b.*?)\bthey are\b"), lambda found: f"{found[1]}you are"),
    (re.compile(r"\b([Tt])he customer's\b"), lambda found: _cased(found[1], "your")),
    (re.compile(r"\b([Tt])he customer was\b"), lambda found: _cased(found[1], "you were")),
    (re.compile(r"\b([Tt])he customer (?:has|had)\b"), lambda found: _cased(found[1], "you had")),
    (re.compile(r"\b([Tt])he customer does\b"), lambda found: _cased(found[1], "you do")),
    (re.compile(r"\b([Tt])he customer is\b"), lambda found: _cased(found[1], "you are")),
    (re.compile(r"\b([Tt])he customer\b"), lambda found: _cased(found[1], "you")),
)


def to_second_person(sentence: str) -> str:
    """Turn a sentence about the customer into one to the customer.

    "The customer's browser is too old." becomes "Your browser is too old."
    """
    for pattern, replacement in _SECOND_PERSON:
        sentence = pattern.sub(replacement, sentence)
    return sentence


def _cased(first: str, words: str) -> str:
    return words[0].upper() + words[1:] if first == "T" else words


_SORRY = re.compile(r"\b(?:sorry|apolog)", re.IGNORECASE)
_NEARBY = timedelta(hours=2)
_AGAIN = re.compile(r"\b(?:again|once more|retry|another (?:card|try|attempt))\b", re.IGNORECASE)
_LONGER_WORD = re.compile(r"\w{4,}")


def reply_values(about: About) -> dict[str, str]:
    """Return the values of a reply's variables; see `VARIABLES`."""
    answer, problems = about.answer, about.problems
    zone = zone_of_customer(answer.events) or about.zone
    shared = reply_variables(None, answer, name=about.name, zone=about.zone, today=about.today)
    warning = _not_to_pay_again(about)
    known_reply = _known_replies(about, not_again=bool(warning))
    workaround = "" if warning else _workarounds(about, known_reply)
    fix = _fixes(about, known_reply)
    helps = known_reply or fix or workaround
    return {
        "greeting": shared["greeting"],
        "moment": shared["moment"],
        "happened": " ".join(map(_summary, problems)) or _no_errors(answer, zone),
        "how_often": _how_often(problems, answer, zone),
        "sorry": "" if _SORRY.search(known_reply) else "We're sorry for the trouble.",
        "known_reply": known_reply,
        "fix": fix,
        "workaround": workaround,
        "next": warning or ("" if helps else _next_step(about)),
        "unsure": _caveat(problems, answer),
        "agent": about.agent,
    }


def _summary(problem: Problem) -> str:
    summary = summarize_group(problem)
    crash = "The app crashed. " if has_crashed(problem) and not says_it_ended(summary) else ""
    activity, colon, failure = summary.partition(": ")
    if not colon:
        return f"{crash}{to_second_person(activity)}"
    sentence = to_second_person(failure)
    activity = activity.replace("While ", "While you were ", 1)
    return f"{crash}{activity}, {sentence[0].lower()}{sentence[1:]}"


def _how_often(problems: tuple[Problem, ...], answer: Answer, zone: ZoneInfo) -> str:
    """Return how often the problem occurred; empty for several, where "this" would be unclear."""
    if len(problems) != 1:
        return ""
    failed, same = _failed_together(problems[0], answer)
    count = sum(one.times for one in same)
    first = min(one.events[-1].timestamp for one in same)
    last = max(one.newest.timestamp for one in same)
    times = times_text(count)
    at_least = "" if answer.complete else "at least "
    since, until = _clock(first, answer, zone), _clock(last, answer, zone)
    window = answer.question.window
    when = f", at {since}" if since == until else f" between {since} and {until}"
    if since != until and fills_window(count, first, last, window):
        around = _clock(window.moment, answer, zone)
        when = f" in the {2 * window.minutes} minutes around {around}"
    return f"{failed} {at_least}{times}{when}."


def _failed_together(problem: Problem, answer: Answer) -> tuple[str, tuple[Problem, ...]]:
    """Return what failed, and in which problems: those the headline counts with this one."""
    loud = [one for one in problems_of(answer) if not one.is_noise]
    common = common_failure(loud) if loud and loud[0] == problem else None
    if common is None:
        return "We saw this", (problem,)
    failed, same = common
    return f"In total, {failed[0].lower()}{failed[1:]}", same


def _clock(when: datetime, answer: Answer, zone: ZoneInfo) -> str:
    """Return the time, with its date if that differs from the reported time's."""
    local, reported = when.astimezone(zone), answer.question.window.moment.astimezone(zone)
    if local.date() == reported.date():
        return f"{local:%H:%M}"
    return f"{local:%H:%M} on {local.day} {local:%b}"


def _no_errors(answer: Answer, zone: ZoneInfo) -> str:
    """Return that there were no errors in the window, as far as the result is complete."""
    if answer.events:
        return ""
    window = answer.question.window
    since, until = _clock(window.start, answer, zone), _clock(window.end, answer, zone)
    clicks = sum(replay.dead_clicks or 0 for replay in answer.beside.replays)
    of_yours = "one of your clicks" if clicks == 1 else f"{clicks} of your clicks"
    seen = f" We did see that {of_yours} had no effect." if clicks else ""
    if seen_by_us := _seen(answer, zone):
        return f"{seen_by_us}{seen}"
    if answer.complete:
        return f"Our systems recorded no errors for you between {since} and {until}.{seen}"
    if answer.is_only_pending:
        none = f"So far, our systems have recorded no errors for you between {since} and {until}."
        return f"{none}{seen}"
    return (
        f"We haven't found any errors for you between {since} and {until} yet, but we "
        f"couldn't check everything.{seen}"
    )


def _clearest(answer: Answer) -> Observation | None:
    """Return the most serious thing that logs and requests of the customer show."""
    return next((one for one in troubles_of(answer) if one.is_clear), None)


def is_for_the_customer(trouble: Observation) -> bool:
    """Return whether it was refused for a reason that only the customer can do something about."""
    outside = CUSTOMERS_SIDE | {Place.BANK, Place.INPUT, Place.SIGN_IN}
    return trouble.kind is Kind.REFUSED and trouble.is_explained and trouble.place in outside


def _after_trouble(trouble: Observation, again: str) -> str:
    if is_for_the_customer(trouble):
        is_size = TOO_LARGE in trouble.full_text
        return "Please try again with a smaller file." if is_size else ""
    if trouble.is_passing:
        return again
    return "We have the details and are passing them on to our engineers."


def _seen(answer: Answer, zone: ZoneInfo) -> str:
    """Return the gravest thing that logs and requests show, with its time; or ""."""
    trouble = _clearest(answer)
    if trouble is None:
        return ""
    text, at = to_second_person(trouble.full_text), _clock(trouble.at, answer, zone)
    return f"This is what we saw at {at}: {text[0].lower()}{text[1:]}"


def _caveat(problems: tuple[Problem, ...], answer: Answer) -> str:
    if answer.complete:
        return ""
    if answer.is_only_pending:
        return "Reports can reach us a few minutes late, so there may be more to it."
    if problems or _clearest(answer):
        return "We couldn't check everything yet, so there may be more to it."
    return "That doesn't mean that nothing went wrong."


OTHER_IDENTIFIER = (
    "Which email or user ID do you sign in with? We found nothing under the one we have."
)


def _not_to_pay_again(about: About) -> str:
    """Return the warning if a payment may have gone through, unless a known error covers that."""
    answer = about.answer
    same = (one for problem in about.problems for one in _failed_together(problem, answer)[1])
    trouble = None if about.problems else _clearest(answer)
    if (trouble and may_have_paid_in(trouble) and not about.best_known) or any(
        may_have_paid(one) and not one.known_in(answer.known) for one in same
    ):
        return "Please don't pay again until we have checked whether the payment went through."
    return ""


def _next_step(about: About) -> str:
    """Return the next step if no known error has one."""
    problems = about.problems
    if about.best_known:
        return "We know about this problem, but we don't have a date for the fix yet."
    again = "If it happens again, please tell us when it happened and what you had just done."
    if not problems and (trouble := _clearest(about.answer)):
        return _after_trouble(trouble, again)
    if not problems:
        return _question(about.answer, zone_of_customer(about.answer.events) or about.zone)
    together = [_failed_together(problem, about.answer)[1] for problem in problems]
    if any(
        needs_engineers(problem) and (problem.times > 1 or len(same) > 1)
        for problem, same in zip(problems, together, strict=True)
    ):
        read = all(event.body for same in together for one in same for event in one.events)
        have = "have the details of each time" if read else "have recorded these errors"
        return f"We {have} and are passing them on to our engineers."
    is_clear = all(is_specific(problem.cause.newest) for problem in problems)
    return again if is_clear else f"We don't know the cause yet. {again}"


def _question(answer: Answer, zone: ZoneInfo) -> str:
    """Return what to ask the customer if there are no errors."""
    moment = answer.question.window.moment
    if answer.beside.feedback:
        sent_at = min(
            (one.sent_at for one in answer.beside.feedback), key=lambda at: abs(at - moment)
        )
        return (
            f"We have your message from {_clock(sent_at, answer, zone)} and are passing it on to "
            "our engineers. Does it still happen? A screenshot would help."
        )
    if answer.is_unknown_customer:
        return f"{OTHER_IDENTIFIER} Please also tell us exactly when it happened."
    clocks = [_clock(event.timestamp, answer, zone) for event in errors_nearby(answer)]
    near = f"Could it have been at {' or '.join(clocks)}? " if clocks else ""
    return (
        f"{near}To look into this further, we need a bit more from you: exactly when it happened, "
        "what you had just done, and what you saw on the screen. A screenshot helps most."
    )


def needs_engineers(problem: Problem) -> bool:
    """Return whether it failed in our program or a service, not on the customer's side."""
    outside = CUSTOMERS_SIDE | {Place.BETWEEN, Place.BANK, Place.INPUT, Place.SIGN_IN}
    return has_crashed(problem) or place_of(problem.placed) not in outside


def is_back(problem: Problem, answer: Answer, today: date) -> bool:
    """Return whether it is a known error that the customer had after its fix."""
    return any(
        customer_fix_state(match.known, customer_release(problem.group_of(match.issue_id)), today)
        is CustomerFixState.BACK
        for match in problem.known_in(answer.known)[:1]
    )


def errors_nearby(answer: Answer) -> tuple[Event, ...]:
    """Return the errors up to two hours from the reported time of an empty result, in order."""
    moment, events = answer.question.window.moment, answer.nearby.events if answer.nearby else ()
    near = (event for event in events if abs(event.timestamp - moment) <= _NEARBY)
    return tuple(sorted(near, key=lambda event: event.timestamp))


def _known_replies(about: About, *, not_again: bool) -> str:
    """Return the replies of the known errors, without their greetings.

    With `not_again`, those that tell the customer to try again are left out.
    """
    answer, replies = about.answer, []
    for release, match in about.best_known:
        known = match.known
        if _is_outdated(known, customer_fix_state(known, release, about.today)):
            continue
        values = reply_variables(match, answer, name="", zone=about.zone, today=about.today)
        text = fill_variables(known.reply, {**values, "greeting": ""})
        text = re.sub(r"\n{3,}", "\n\n", text).strip(" \n,")
        if not_again and _AGAIN.search(text):
            continue
        replies.append(f"{text[:1].upper()}{text[1:]}")
    return "\n\n".join(filter(None, replies))


def _is_outdated(known: CatalogEntry, fix: CustomerFixState) -> bool:
    """Return whether the reply mentions a past date, or a release without the fix."""
    if fix is CustomerFixState.OVERDUE:
        return "{planned_for}" in known.reply
    return fix is CustomerFixState.BACK and "{fixed_in}" in known.reply


def _workarounds(about: About, known_reply: str) -> str:
    workarounds = (match.known.workaround.strip() for _release, match in about.best_known)
    return "\n\n".join(
        f"Until it's fixed, this can help: {workaround}"
        for workaround in workarounds
        if workaround and not _includes(known_reply, workaround)
    )


def _includes(reply: str, workaround: str) -> bool:
    """Return whether the reply contains the workaround, or half of its longer words."""
    if workaround in reply:
        return True
    in_reply, words = (set(_LONGER_WORD.findall(one.casefold())) for one in (reply, workaround))
    return bool(words) and 2 * len(words & in_reply) >= len(words)


def _fixes(about: About, known_reply: str) -> str:
    """Return when the fix comes. A fix of another half in Sentry doesn't fix the cause."""
    known = {match.issue_id: match.known for _release, match in about.best_known}
    groups = (
        group
        for problem in about.problems
        for group in problem.groups
        if group is problem.cause or group.issue_id in known
    )
    fixes = dict(_fix(group, known.get(group.issue_id), about) for group in groups)
    if not about.problems:
        fixes = dict(_known_fix(match.known, one, None, about) for one, match in about.best_known)
    return " ".join(sentence for key, sentence in fixes.items() if key and key not in known_reply)


def _fix(group: Group, known: CatalogEntry | None, about: About) -> tuple[str, str]:
    """Return the date or release, to search the reply for, and the sentence; both can be empty.

    The team's known error comes before what Sentry says about the issue.
    """
    current, side = customer_release(group), side_of(group.newest)
    if known and any(fix := _known_fix(known, current, side, about)):
        return fix
    if is_fixed_in_newer(group) and group.issue and group.issue.fixed_in:
        return _update_to(group.issue.fixed_in, current, side)
    return "", ""


def _known_fix(
    known: CatalogEntry, current: str | None, side: Side | None, about: About
) -> tuple[str, str]:
    fix = customer_fix_state(known, current, about.today)
    if fix is CustomerFixState.PLANNED and known.planned_for:
        day = format_day(known.planned_for, about.today)
        return day, f"A fix is planned for {day}."
    return _update_to(known.fixed_in, current, side) if fix is CustomerFixState.NEWER else ("", "")


def _update_to(fixed_in: str, current: str | None, side: Side | None) -> tuple[str, str]:
    """Return the release and what it means for the customer, who was on an older one."""
    release, current = (short_release(one or "").partition("+")[0] for one in (fixed_in, current))
    fixed = f"This is fixed in version {release}."
    if side is Side.DEVICE:
        return release, f"{fixed} You were using {current}, so please update to {release}."
    if side is Side.BROWSER:
        return release, f"{fixed} Please reload the page to get it."
    return release, f"{fixed} You were using an older version."


# Parts of addresses that many people read.
_ROLES = frozenset(
    (
        *("accounts", "admin", "billing", "booking", "care", "contact", "customer", "desk", "do"),
        *("finance", "guest", "hello", "help", "info", "mail", "no", "office", "order", "orders"),
        *("reply", "sales", "service", "shop", "staff", "support", "team", "test", "user", "web"),
    )
)


_NICKNAME = re.compile(r"[\"“„][^\"“”]{1,40}[\"“”]")


def name_in(identifier: str) -> str:
    """Return the name that an identifier consists of, such as jane.doe@example.com; or ""."""
    local, at, _domain = identifier.partition("@")
    words = (
        re.split(r"[._]", local.partition("+")[0]) if at else _NICKNAME.sub(" ", identifier).split()
    )
    plain = [word.strip("\"'“”’().,").replace("-", "") for word in words]
    is_name = all(word.isalpha() and len(word) > 1 for word in plain)
    if not is_name or not 2 <= len(words) <= 4 or _ROLES & {word.casefold() for word in plain}:
        return ""
    return " ".join(word.title() if at else word for word in words)
