"""Calls side by side, within the time of the whole lookup."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TypeVar

from apps.sentry.client import SentryClient
from apps.sentry.errors import SentryError, SentryTimeout

T = TypeVar("T")


def crew(client: SentryClient) -> ThreadPoolExecutor:
    """As many threads as calls may run at a time, and one that waits for the others."""
    return ThreadPoolExecutor(client.config.max_parallel + 1, thread_name_prefix="sentry")


def within(client: SentryClient, future: Future[T]) -> T:
    """The future's result, or `SentryTimeout` when the lookup's time is over."""
    try:
        return future.result(timeout=client.deadline.left())
    except FutureTimeout as error:
        raise SentryTimeout("Sentry did not answer in time.") from error


def outcomes(
    client: SentryClient, pool: ThreadPoolExecutor, calls: Sequence[Callable[[], T]]
) -> list[T | SentryError]:
    """What each call gave, or its error, in the order of the calls. Raises nothing of Sentry's."""
    futures = [pool.submit(call) for call in calls]
    gathered: list[T | SentryError] = []
    for future in futures:
        outcome = _outcome(client, future)
        gathered.append(outcome)
    return gathered


def parted(client: SentryClient, futures: Sequence[Future[T]]) -> tuple[list[T], list[SentryError]]:
    """What came back in time, and the errors of the rest."""
    gathered: list[T] = []
    failed: list[SentryError] = []
    for future in futures:
        outcome = _outcome(client, future)
        if isinstance(outcome, SentryError):
            failed.append(outcome)
        else:
            gathered.append(outcome)
    return gathered, failed


def _outcome(client: SentryClient, future: Future[T]) -> T | SentryError:
    try:
        return within(client, future)
    except SentryError as error:
        return error
