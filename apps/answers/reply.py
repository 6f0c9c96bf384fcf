"""Variables of replies, made of our own sentences, releases, and the customer's name."""

import re
import tomllib
from dataclasses import replace
from datetime import date, datetime, timedelta
from operator import attrgetter
from pathlib import Path

from apps.answers.templates import About
from apps.events import summary
from apps.events.activity_text import TOO_LARGE, Kind
from apps.events.answer import Answer, CatalogEntry
from apps.events.event import Event, LogEntry
from apps.events.grouping import Group, Problem, problems_of
from apps.events.log_text import name_in_log
from apps.events.observations import Observation, may_have_paid_in, times_text, troubles_of
from apps.events.query import listed
from apps.events.releases import (
    CustomerFixState,
    customer_fix_state,
    customer_release,
    format_day,
    is_fixed_in_newer,
    issue_fix_text,
    short_release,
)
from apps.events.rules.rule import CUSTOMERS_SIDE, Place, Side, side_of, zone_of_customer
from apps.known_errors.catalogue import (
    customer_time,
    greeting,
    may_be_wrong,
    reply_variables,
    safe_workaround,
)
from apps.known_errors.patterns import fill_variables

_WORDS = tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))
_ROLES, _SECOND_PERSON = frozenset(_WORDS["roles"]), _WORDS["second_person"]
_CUSTOMER = re.compile(r"\b([Tt])he customer('s| was| has| had| does| is|)\b")


def to_second_person(sentence: str) -> str:
    """Turn a sentence about the customer into one to the customer: “Your browser is too old.”"""

    def replacement(found: re.Match[str]) -> str:
        words: str = _SECOND_PERSON[found[2]]
        return words.capitalize() if found[1] == "T" else words

    sentence = re.sub(r"(\b[Tt]he customer\b.*?)\bthey are\b", r"\1you are", sentence)
    return _CUSTOMER.sub(replacement, sentence)


_SORRY = re.compile(r"\b(?:sorry|apolog)", re.IGNORECASE)
_NEARBY = timedelta(hours=2)
_LONGER_WORD = re.compile(r"\w{4,}")
_NO_DATE = "We know about this problem, but we don't have a date for the fix yet."


def reply_values(about: About) -> dict[str, str]:
    """Return the values of a reply's variables; see `VARIABLES`."""
    answer, problems = about.answer, about.problems
    about = replace(about, zone=zone_of_customer(answer.events) or about.zone)
    moment = answer.question.window.moment
    warning = _not_to_pay_again(about)
    values = _of_several(about) if len(problems) > 1 else _of_one(about, is_warned=bool(warning))
    parts = (values["happened"], values["known_reply"])
    return {
        "greeting": greeting(about.name),
        "moment": customer_time(moment, moment, about.zone),
        "sorry": "" if any(map(_SORRY.search, parts)) else "We're sorry for the trouble.",
        "unsure": _caveat(problems, answer),
        "agent": about.agent,
        **values,
        "next": " ".join(filter(None, (warning, values["next"]))),
    }


def _of_one(about: About, *, is_warned: bool) -> dict[str, str]:
    problems = about.problems
    known_reply, fix, workaround = _help(about)
    helps = known_reply or fix or workaround
    happened = " ".join(map(_summary, problems)) or _no_errors(about)
    is_said = bool(problems) and _includes(known_reply, happened)
    return {
        "happened": "" if is_said else happened,
        "how_often": _how_often(problems[0], about, is_said=is_said, is_alone=bool(helps))
        if problems
        else "",
        "known_reply": known_reply,
        "fix": fix,
        "workaround": workaround,
        "next": "" if helps or is_warned else _next_step(about),
    }


def _of_several(about: About) -> dict[str, str]:
    """Return a numbered paragraph for each problem: what is true of one may not be true of all."""
    paragraphs: dict[str, bool] = {}
    for problem in about.problems:
        one = replace(about, issue_ids=(problem.issue_id,))
        helps = " ".join(filter(None, _help(one))) or (_NO_DATE if one.best_known else "")
        said = _summary(problem)
        text = helps if helps and _includes(helps, said) else f"{said} {helps}".strip()
        for_engineers = not helps and needs_engineers(problem)
        paragraphs[text] = paragraphs.get(text, False) or for_engineers
    passed_on = [str(number) for number, one in enumerate(paragraphs.values(), 1) if one]
    what, them = f"problem {listed(passed_on)}", "it"
    if len(paragraphs) == 1:
        what = "this problem"
    elif len(passed_on) == len(paragraphs):
        what, them = "these problems", "them"
    elif len(passed_on) > 1:
        what, them = f"problems {listed(passed_on)}", "them"
    step = f"We have recorded {what} and are passing {them} on to our engineers."
    lines = [f"{number}. {text}" for number, text in enumerate(paragraphs, 1)]
    return {
        "happened": "\n\n".join(lines if lines[1:] else paragraphs),
        **dict.fromkeys(("how_often", "known_reply", "fix", "workaround"), ""),
        "next": step if passed_on else "",
    }


def _help(about: About) -> tuple[str, str, str]:
    """Return the known errors' replies, when the fix comes, and what helps until then."""
    known_reply = _known_replies(about)
    workarounds = (safe_workaround(one, about.answer).strip() for _, one in about.best_known)
    helps = (
        f"Until it's fixed, this can help: {workaround}"
        for workaround in workarounds
        if workaround and not _includes(known_reply, workaround)
    )
    return known_reply, _fixes(about, known_reply), "\n\n".join(helps)


def _summary(problem: Problem) -> str:
    said = summary.summarize_group(problem)
    is_crash = summary.has_crashed(problem) and not summary.says_it_ended(said)
    crash = "The app crashed. " if is_crash else ""
    activity, colon, failure = said.partition(": ")
    if not colon:
        return f"{crash}{to_second_person(activity)}"
    sentence = to_second_person(failure)
    activity = activity.replace("While ", "While you were ", 1)
    return f"{crash}{activity}, {sentence[0].lower()}{sentence[1:]}"


def _how_often(problem: Problem, about: About, *, is_said: bool, is_alone: bool) -> str:
    """Return how often the problem occurred, alone or with what the headline counts with it."""
    answer = about.answer
    failed, same = ("We saw this", (problem,)) if is_alone else _failed_together(problem, answer)
    failed = "We saw an error" if is_said else failed
    count = sum(one.times for one in same)
    first = min(one.events[-1].timestamp for one in same)
    last = max(one.newest.timestamp for one in same)
    times = times_text(count)
    at_least = "" if answer.complete else "at least "
    since, until = _clock(first, about), _clock(last, about)
    window = answer.question.window
    when = f", at {since}" if since == until else f" between {since} and {until}"
    if since != until and summary.fills_window(count, first, last, window):
        around = _clock(window.moment, about)
        when = f" in the {2 * window.minutes} minutes around {around}"
    return f"{failed} {at_least}{times}{when}."


def _failed_together(problem: Problem, answer: Answer) -> tuple[str, tuple[Problem, ...]]:
    """Return what failed, and the problems it failed in: those the headline counts with this."""
    loud = [one for one in problems_of(answer) if not one.is_noise]
    common = summary.common_failure(loud) if loud and loud[0] == problem else None
    if common is None:
        return "We saw this", (problem,)
    failed, same = common
    return f"In total, {failed[0].lower()}{failed[1:]}", same


def _clock(when: datetime, about: About) -> str:
    """Return the time, with its date if that differs from the reported time's."""
    local, reported = when.astimezone(about.zone), about.answer.question.window.moment
    if local.date() == reported.astimezone(about.zone).date():
        return f"{local:%H:%M}"
    return f"{local:%H:%M} on {local.day} {local:%b}"


def _no_errors(about: About) -> str:
    """Return what logs and requests show instead, or that there were no errors."""
    answer = about.answer
    if answer.events or answer.is_unknown_customer:
        return ""
    window = answer.question.window
    since, until = _clock(window.start, about), _clock(window.end, about)
    clicks = sum(replay.dead_clicks or 0 for replay in answer.beside.replays)
    of_yours = "one of your clicks" if clicks == 1 else f"{clicks} of your clicks"
    seen = f" We did see that {of_yours} had no effect." if clicks else ""
    if clear := [one for one in troubles_of(answer) if one.is_clear]:
        same = sorted((one for one in clear if one.target == clear[0].target), key=attrgetter("at"))
        shown = (f"At {_clock(one.at, about)}, {_to_customer(one)}" for one in same)
        return f"{' '.join(shown)}{seen}"
    errors = f"errors for you between {since} and {until}"
    if answer.complete:
        return f"Our systems recorded no {errors}.{seen}"
    if answer.is_only_pending:
        return f"So far, our systems have recorded no {errors}.{seen}"
    return f"We haven't found any {errors} yet, but we couldn't check everything.{seen}"


def _clearest(answer: Answer) -> Observation | None:
    return next((one for one in troubles_of(answer) if one.is_clear), None)


def is_for_the_customer(trouble: Observation) -> bool:
    """Return whether it was refused for a reason that only the customer can do something about."""
    outside = CUSTOMERS_SIDE | {Place.BANK, Place.INPUT, Place.SIGN_IN}
    return trouble.kind is Kind.REFUSED and trouble.is_explained and trouble.place in outside


def _after_trouble(trouble: Observation, again: str) -> str:
    if is_for_the_customer(trouble):
        return "Please try again with a smaller file." if TOO_LARGE in trouble.full_text else ""
    passing = "We have the details and are passing them on to our engineers."
    return f"{passing} {again}" if trouble.is_passing else passing


def _to_customer(trouble: Observation) -> str:
    """Return what happened as a clause for the customer, who knows nothing about messages."""
    text = trouble.full_text
    if trouble.also and trouble.also[0].startswith("A coupon"):  # says what was refused, and why
        refused, colon, why = trouble.also[0].partition(":")
        times = f" ({times_text(trouble.times)})" if trouble.times > 1 else ""
        text = f"{refused}{times}{colon}{why}"
    logs = (row for row in trouble.rows if isinstance(row, LogEntry))
    name = next(filter(None, (name_in_log(log, text) for log in logs)), "")
    text = to_second_person(text)
    if name:
        text = text.replace("A feature is", f"The feature {name} is")
        text = re.sub(r"\b[Aa] coupon or discount was", rf"the coupon {name} was", text)
    text = f"{text[0].lower()}{text[1:]}"
    unheard = "our server didn't hear back from the payment provider"
    return text.replace("the payment provider’s message didn’t arrive", unheard)


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
    trouble = None if about.problems else _clearest(answer)
    doubtful = [
        one
        for one in problems_of(answer)
        if summary.may_have_paid(one) and not one.known_in(answer.known)
    ]
    if (trouble and may_have_paid_in(trouble) and not about.best_known) or any(
        summary.concerns_payment(one, doubtful) for one in about.problems
    ):
        return "Please don't pay again until we have checked whether the payment went through."
    return ""


def _next_step(about: About) -> str:
    problems = about.problems
    if about.best_known:
        return _NO_DATE
    again = "If it happens again, please tell us when it happened and what you had just done."
    if not problems and (trouble := _clearest(about.answer)):
        return _after_trouble(trouble, again)
    if not problems:
        return _question(about)
    problem = problems[0]
    unclear = "" if summary.is_specific(problem.cause.newest) else "We don't know the cause yet. "
    if not needs_engineers(problem):
        return f"{unclear}{again}"
    same = _failed_together(problem, about.answer)[1]
    is_read = all(event.body for one in same for event in one.events)
    if problem.times > 1 or len(same) > 1:
        have = "have the details of each time" if is_read else "have recorded these errors"
        return f"We {have} and are passing them on to our engineers."
    have = "have the details" if is_read else "have recorded it"
    them = "them" if is_read else "it"
    return f"{unclear}We {have} and are passing {them} on to our engineers. {again}"


def _question(about: About) -> str:
    answer, moment = about.answer, about.answer.question.window.moment
    if answer.beside.feedback:
        nearest = min(answer.beside.feedback, key=lambda one: abs(one.sent_at - moment))
        return (
            f"We have your message from {_clock(nearest.sent_at, about)} and are passing it "
            "on to our engineers. Does it still happen? A screenshot would help."
        )
    if answer.is_unknown_customer:
        return f"{OTHER_IDENTIFIER} Please also tell us exactly when it happened."
    clocks = [_clock(event.timestamp, about) for event in errors_nearby(answer)]
    near = f"Could it have been at {' or '.join(clocks)}? " if clocks else ""
    return (
        f"{near}To look into this further, we need a bit more from you: exactly when it happened, "
        "what you had just done, and what you saw on the screen. A screenshot helps most."
    )


def needs_engineers(problem: Problem) -> bool:
    """Return whether it failed in our program or a service, not on the customer's side."""
    outside = CUSTOMERS_SIDE | {Place.BETWEEN, Place.BANK, Place.INPUT, Place.SIGN_IN}
    return summary.has_crashed(problem) or summary.place_of(problem.placed) not in outside


def is_back(problem: Problem, answer: Answer, today: date) -> bool:
    """Return whether the customer had it after its fix, by the known error or else by Sentry."""
    for match in problem.known_in(answer.known)[:1]:
        release = customer_release(problem.group_of(match.issue_id))
        return customer_fix_state(match.known, release, today) is CustomerFixState.BACK
    return (issue_fix_text(problem.cause) or "").endswith(("newer", "that release"))


def errors_nearby(answer: Answer) -> tuple[Event, ...]:
    """Return the errors up to two hours from the reported time of an empty result, in order."""
    moment, events = answer.question.window.moment, answer.nearby.events if answer.nearby else ()
    near = (event for event in events if abs(event.timestamp - moment) <= _NEARBY)
    return tuple(sorted(near, key=lambda event: event.timestamp))


def _known_replies(about: About) -> str:
    """Return the known errors' replies, without greetings or what may be wrong, as a past date."""
    replies = []
    outdated = {
        CustomerFixState.OVERDUE: "{planned_for}",
        CustomerFixState.BACK: "{fixed_in}",
    }
    for release, match in about.best_known:
        reply = match.known.reply
        variable = outdated.get(customer_fix_state(match.known, release, about.today))
        if (variable and variable in reply) or may_be_wrong(reply, match, about.answer):
            continue
        values = reply_variables(match, about.answer, zone=about.zone, today=about.today)
        text = fill_variables(reply, {**values, "greeting": ""})
        text = re.sub(r"\n{3,}", "\n\n", text).strip(" \n,")
        replies.append(f"{text[:1].upper()}{text[1:]}")
    return "\n\n".join(filter(None, replies))


def _includes(reply: str, workaround: str) -> bool:
    """Return whether the reply contains the workaround, or half of its longer words."""
    if workaround in reply:
        return True
    in_reply, words = (set(_LONGER_WORD.findall(one.casefold())) for one in (reply, workaround))
    return bool(words) and 2 * len(words & in_reply) >= len(words)


def _fixes(about: About, known_reply: str) -> str:
    """Return when the fix comes. A fix of a joined issue in Sentry doesn't fix the cause."""
    known = {match.issue_id: match.known for _release, match in about.best_known}
    fixes: dict[str, str] = {}
    for problem in about.problems:
        for group in problem.groups:
            if group is problem.cause or group.issue_id in known:
                fixes |= _fix(group, known.get(group.issue_id), about)
    if not about.problems:
        for release, match in about.best_known:
            fixes |= _known_fix(match.known, release, None, about)
    return " ".join(sentence for key, sentence in fixes.items() if key not in known_reply)


def _fix(group: Group, known: CatalogEntry | None, about: About) -> dict[str, str]:
    """Return the sentence, if any, by its date or release, which the reply may already name."""
    current, side = customer_release(group), side_of(group.newest)
    if known and (fix := _known_fix(known, current, side, about)):
        return fix
    if is_fixed_in_newer(group) and group.issue and group.issue.fixed_in:
        return _update_to(group.issue.fixed_in, current, side)
    return {}


def _known_fix(
    known: CatalogEntry, current: str | None, side: Side | None, about: About
) -> dict[str, str]:
    fix = customer_fix_state(known, current, about.today)
    if fix is CustomerFixState.PLANNED and known.planned_for:
        day = format_day(known.planned_for, about.today)
        return {day: f"A fix is planned for {day}."}
    return _update_to(known.fixed_in, current, side) if fix is CustomerFixState.NEWER else {}


def _update_to(fixed_in: str, current: str | None, side: Side | None) -> dict[str, str]:
    """Return what the release means for the customer, who was on an older one, by its name."""
    release, current = (short_release(one or "").partition("+")[0] for one in (fixed_in, current))
    step = "You were using an older version."
    if side is Side.DEVICE:
        step = f"You were using {current}, so please update to {release}."
    elif side is Side.BROWSER:
        step = "Please reload the page to get it."
    return {release: f"This is fixed in version {release}. {step}"}


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
