"""The first screen of a result: the headline's problem in short, and what to tell the customer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from apps.answers.reply import OTHER_IDENTIFIER, reply_values
from apps.answers.templates import About
from apps.events.answer import Answer
from apps.events.grouping import Group, Problem
from apps.events.releases import (
    CustomerFixState,
    customer_fix_state,
    customer_release,
    describe_fix,
    issue_fix_text,
    issue_status_text,
    issue_trends,
)
from apps.events.rules.rule import Place
from apps.events.summary import handling_text_of, has_crashed, place_of, summarize_group
from apps.web.presenters.formatting import clipped, listed
from apps.web.presenters.issue import Step, customers_text
from apps.web.presenters.story import feedback_step

_PLACES = {
    Place.SERVER: "our server",
    Place.APP: "our app",
    Place.SERVICE: "another service",
    Place.NETWORK: "the customer’s connection",
    Place.BROWSER: "the customer’s browser",
    Place.DEVICE: "the customer’s device",
}
_STOPPED = {
    "It stopped what the customer was doing.": "yes",
    "The app handled it and kept going.": "no, the app kept going",
    "The app did not catch it.": "unknown; the app did not catch it",
}
_NEXT_IF_KNOWN = {
    CustomerFixState.NOT_PLANNED: "Reply; it’s known.",
    CustomerFixState.PLANNED: "Reply; it’s known.",
    CustomerFixState.OVERDUE: "Check whether the fix shipped.",
    CustomerFixState.NEWER: "Ask them to update.",
    CustomerFixState.BACK: "Escalate; it may be back.",
    CustomerFixState.UNSURE: "Check whether they have the fix.",
}

Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Brief:
    """`answers` are about the headline's problem, `tell` is for the customer, `next` for the agent.

    `said` is what the customer wrote, if no error says what happened.
    """

    answers: tuple[Row, ...]
    said: tuple[Step, ...]
    tell: str
    next: str


def brief_of(
    answer: Answer, problems: Sequence[Problem], *, zone: ZoneInfo, today: date, just_before: str
) -> Brief:
    """Return the first screen of an answer, whose problems are in the order of the page."""
    first = problems[0] if problems else None
    return Brief(
        answers=tuple(_answers(answer, first, today, just_before)) if first else (),
        said=() if first else tuple(_said(answer, zone)),
        tell=_tell(answer, first, zone, today),
        next=_next(answer, first, today) if first else _next_without_errors(answer),
    )


def _answers(answer: Answer, problem: Problem, today: date, just_before: str) -> Iterator[Row]:
    place = place_of(problem.cause.newest)
    yield "Where it failed", _PLACES[place] if place else "unknown"
    yield "Stopped the customer", _stopped(problem)
    yield "Customers", _customers(problem.cause, answer.question.window.moment)
    if status := _status(answer, problem, today):
        yield "Status", clipped(status, 160)
    if just_before:
        yield "Just before", just_before


def _next(answer: Answer, problem: Problem, today: date) -> str:
    """Return what usually comes next; it claims nothing about the error."""
    for match in problem.known_in(answer.known)[:1]:
        half = problem.group_of(match.issue_id)
        return _NEXT_IF_KNOWN[customer_fix_state(match.known, half, today)]
    if (issue_fix_text(problem.cause) or "").endswith("older"):
        return "Ask them to update."
    if place_of(problem.cause.newest) in (Place.NETWORK, Place.BROWSER, Place.DEVICE):
        return "Reply; escalate if it continues."
    assignee = problem.issue.assignee if problem.issue else None
    if assignee:
        return f"Escalate; it’s assigned to {clipped(assignee, 80)}."
    return "Escalate, then reply."


def _next_without_errors(answer: Answer) -> str:
    if any(one.dead_clicks or one.rage_clicks for one in answer.beside.replays):
        return "Watch the session replay."
    if answer.nearby and answer.nearby.is_never:
        return "Check the spelling, and ask for another identifier."
    return "Confirm the time and time zone."


def _stopped(problem: Problem) -> str:
    if has_crashed(problem):
        ended = "closed" if "closed the app" in summarize_group(problem) else "crashed"
        return f"yes, the app {ended}"
    return _STOPPED.get(handling_text_of(problem) or "", "unknown")


def _customers(group: Group, moment: datetime) -> str:
    words = [customers_text(group) or "unknown"]
    if group.issue:
        words.append(listed(issue_trends(group.issue, moment)))
    return ", ".join(filter(None, words))


def _status(answer: Answer, problem: Problem, today: date) -> str:
    """Return the state of the fix, by the known error or else by Sentry's issue."""
    for match in problem.known_in(answer.known)[:1]:
        return f"Known. {describe_fix(match.known, problem.group_of(match.issue_id), today)}"
    group = problem.cause
    text = issue_fix_text(group) or (group.issue and issue_status_text(group.issue)) or ""
    release = customer_release(group)
    return text or (f"unknown; they were on {release}" if release else "")


def _said(answer: Answer, zone: ZoneInfo) -> Iterator[Step]:
    moment = answer.question.window.moment
    nearest = sorted(answer.beside.feedback, key=lambda one: abs(one.sent_at - moment))
    for one in nearest:
        yield feedback_step(one, moment, zone, answer.searched.server)


def _tell(answer: Answer, problem: Problem | None, zone: ZoneInfo, today: date) -> str:
    """Return the sentences of a reply, without greeting and closing."""
    if problem is None and answer.nearby and answer.nearby.is_never:
        return OTHER_IDENTIFIER
    about = About(
        answer=answer,
        issue_ids=(problem.issue_id,) if problem else (),
        zone=zone,
        today=today,
        marker="",
    )
    values = reply_values(about)
    said = values["known_reply"] or f"{values['happened']} {values['how_often']}"
    parts = (said, values["fix"], values["workaround"], values["next"], values["unsure"])
    return " ".join(" ".join(filter(None, parts)).split())
