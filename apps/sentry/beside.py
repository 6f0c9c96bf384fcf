"""Replays, feedback, errors of the same traces, and releases: asked beside an answer, never waited
for long.

Each is optional: one that fails costs itself a sentence, and nothing else.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any

from apps.events.answer import Beside, Signal, Unread
from apps.events.event import Event
from apps.events.grouping import nearest_first
from apps.events.query import Question
from apps.sentry.client import Scope, SentryClient
from apps.sentry.config import Flavor
from apps.sentry.deploys import read_deploys
from apps.sentry.errors import (
    SentryBadResponse,
    SentryError,
    SentryNotFound,
    SentryOneProjectOnly,
    SentryPermissionMissing,
)
from apps.sentry.parsing import Project
from apps.sentry.signals import Found, read_feedback, read_replays, read_trace_errors

LONGEST_S = 10.0

_MOST_PROJECTS = 3
_NAMES = {
    Signal.REPLAYS: "Session replays",
    Signal.FEEDBACK: "Messages from the customer",
    Signal.TRACES: "Errors in the same traces",
    Signal.DEPLOYS: "Releases that went live",
}


class Asides:
    """What is asked beside one answer, on connections of its own.

    Its calls let those of the answer go first, and those that are not back when the answer is
    ready are hung up on after `signals_wait_s`.
    """

    def __init__(
        self, client: SentryClient, question: Question, scope: Scope, asked: Sequence[Project]
    ) -> None:
        self._main = client
        self._client = client.aside(min(LONGEST_S, client.deadline.left()))
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="aside")
        self._question = question
        self._scope = scope
        self._asked = asked
        self._futures: dict[Signal, Future[Found[Any]]] = {}

    def ask_of_customer(self, signals: Sequence[Signal]) -> None:
        """Ask for what needs nothing but the question. Servers without these are left alone."""
        if self._main.flavor == Flavor.SENTRY and self._question.customer.is_named:
            self._ask(signals, Signal.REPLAYS, read_replays)
            self._ask(signals, Signal.FEEDBACK, read_feedback)

    def ask_of_traces(self, signals: Sequence[Signal], events: Sequence[Event]) -> None:
        """Ask for what stands behind these events."""
        if self._main.flavor == Flavor.SENTRY and any(event.trace_id for event in events):
            nearest = nearest_first(tuple(events), self._question.window.moment)
            self._ask(signals, Signal.TRACES, partial(read_trace_errors, events=nearest))

    def ask_of_releases(self, signals: Sequence[Signal], events: Sequence[Event]) -> None:
        """Ask what went live in the projects of these events."""
        if self._main.flavor == Flavor.SENTRY and events:
            read = partial(read_deploys, events=events, asked=self._asked)
            self._ask(signals, Signal.DEPLOYS, read)

    def gather(self, patience_s: float) -> Beside:
        """What came back in so many seconds; the rest is named, and ended."""
        give_up = monotonic() + patience_s
        found: dict[Signal, Found[Any]] = {}
        unread: list[Unread] = []
        for signal, future in self._futures.items():
            try:
                found[signal] = future.result(timeout=max(0.0, give_up - monotonic()))
            except FutureTimeout:
                message = f"{_NAMES[signal]} could not be read in time."
                unread.append(Unread(signal, message, is_late=True))
            except (SentryNotFound, SentryPermissionMissing) as error:
                if signal == Signal.TRACES:
                    unread.append(_failed(signal, error))
                else:
                    self._main.absent_signals.add(signal)  # the product is off: nothing to say
            except SentryError as error:
                unread.append(_failed(signal, error))
        unread += [_in_part(signal) for signal, part in found.items() if part.has_more]
        self.close()
        return Beside(
            replays=_rows(found, Signal.REPLAYS),
            feedback=_rows(found, Signal.FEEDBACK),
            trace_errors=_rows(found, Signal.TRACES),
            deploys=_rows(found, Signal.DEPLOYS),
            asked=tuple(self._futures),
            surely=tuple(signal for signal, part in found.items() if part.is_whole),
            unread=tuple(unread),
            calls=len(self._client.call_log),
        )

    def close(self) -> None:
        """End what is still under way."""
        self._client.hang_up()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def _ask(
        self, signals: Sequence[Signal], signal: Signal, read: Callable[..., Found[Any]]
    ) -> None:
        if signal in signals and signal not in self._futures:
            self._client.one_project = self._main.one_project
            self._futures[signal] = self._pool.submit(self._read, read)

    def _read(self, read: Callable[..., Found[Any]]) -> Found[Any]:
        """In one call, or in one for each project where several at once are refused."""
        try:
            return self._read_everywhere(read)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise SentryBadResponse("The answer could not be understood.") from error

    def _read_everywhere(self, read: Callable[..., Found[Any]]) -> Found[Any]:
        if not self._client.one_project or len(self._asked) < 2:
            try:
                return read(self._client, self._question, self._scope)
            except SentryOneProjectOnly:
                self._client.one_project = True
        if len(self._asked) > _MOST_PROJECTS:
            raise SentryOneProjectOnly("This Sentry searches one project at a time.")
        scopes = (replace(self._scope, project_ids=(project.id,)) for project in self._asked)
        parts = [read(self._client, self._question, scope) for scope in scopes]
        return Found(
            tuple(row for part in parts for row in part.rows),
            is_whole=all(part.is_whole for part in parts),
            has_more=any(part.has_more for part in parts),
        )


def _failed(signal: Signal, error: SentryError) -> Unread:
    can_retry = not isinstance(error, SentryOneProjectOnly)
    return Unread(signal, f"{_NAMES[signal]} could not be read: {error.message}", can_retry)


def _in_part(signal: Signal) -> Unread:
    message = f"{_NAMES[signal]} could be read only in part: Sentry has more than we asked for."
    return Unread(signal, message, can_retry=False)


def _rows(found: dict[Signal, Found[Any]], signal: Signal) -> tuple[Any, ...]:
    return found[signal].rows if signal in found else ()
