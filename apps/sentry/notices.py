"""What an answer must say about itself, in sentences for the agent."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from apps.events.answer import Notice, NoticeCode
from apps.events.query import Question
from apps.sentry.config import SentryConfig
from apps.sentry.errors import SentryError
from apps.sentry.parsing import Project

SETTLING = timedelta(minutes=10)


def detail_notices(
    missing: int,
    where: Sequence[str],
    failed: Sequence[SentryError],
    facts_failed: Sequence[SentryError],
) -> tuple[Notice, ...]:
    """What was not read beside the list: bodies of how many events, of which issues, and facts."""
    notices = []
    if missing > 0:
        reason = failed[0].message if failed else "Sentry did not send them."
        count = "one event" if missing == 1 else f"{missing} events"
        named = f" in {', '.join(where[:5])}{' and others' if where[5:] else ''}" if where else ""
        message = f"The details of {count}{named} could not be read: {reason}"
        notices.append(Notice(NoticeCode.PARTIAL_BODIES, message))
    if facts_failed:
        message = (
            f"We couldn't read how many customers have these problems: {facts_failed[0].message}"
        )
        notices.append(Notice(NoticeCode.SIGNAL_MISSING, message))
    return tuple(notices)


def skipped_notices(failed: Sequence[tuple[str, SentryError]]) -> tuple[Notice, ...]:
    """One for each project (by slug) that could not be searched."""
    return tuple(
        Notice(NoticeCode.PROJECT_SKIPPED, f"The project {slug} was not searched: {error.message}")
        for slug, error in failed
    )


def environment_notices(question: Question, asked: Sequence[Project]) -> tuple[Notice, ...]:
    """A name that no project has would find nothing, which says nothing about the customer.

    Where Sentry does not list environments, nothing can be told.
    """
    known = {name for project in asked for name in project.environments}
    if not known:
        return ()
    return tuple(
        Notice(
            NoticeCode.ENVIRONMENT_UNKNOWN,
            f"There is no environment {name} in the projects that were searched.",
        )
        for name in question.environments
        if name not in known
    )


def window_notices(question: Question, config: SentryConfig, now: datetime) -> tuple[Notice, ...]:
    """What the window's own place in time says about the answer."""
    notices = []
    if question.window.end + SETTLING > now:
        over = "is still open" if question.window.end > now else "has only just ended"
        message = f"The window {over}: errors may still arrive. Please look again later."
        notices.append(Notice(NoticeCode.WINDOW_OPEN, message))
    if question.window.start < now - timedelta(days=config.retention_days):
        notices.append(retention_notice(config))
    return tuple(notices)


def retention_notice(config: SentryConfig) -> Notice:
    return Notice(
        NoticeCode.RETENTION,
        f"The window goes back further than the {config.retention_days} days that Sentry is "
        "assumed to keep events, so earlier events may be gone.",
    )
