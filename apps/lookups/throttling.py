"""The rate limiter that all processes share: Sentry's limits, a circuit breaker, and call slots.

It lives in the shared cache, so every process waits or fails fast instead of hammering Sentry.
Without a shared cache, each process limits itself. Requests that wait for Sentry have slots, too.
"""

import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Condition, Lock, Thread
from typing import Literal

from django.conf import settings

from apps import metrics
from apps.events.answer import Call
from apps.jobs.engine import has_other_workers
from apps.lookups import cache, problems
from apps.sentry import errors
from apps.sentry.http import SHARED_LIMIT, seconds_to_reset
from apps.sentry.throttling import RateLimiter

MAX_SLOTS = 4
BATCH_SLOTS, BATCH_SLOTS_AMONG_OTHERS, BATCH_SLOTS_OF_ALL = 2, 3, 6
FAILURES_TO_OPEN = 5
REST_S = 15.0
MAX_REST_S = 120.0
SLOT_S = 4.0

# Calls for related data use the slot of their lane only; the others take the first slots last.
_ALL_SLOTS = tuple(reversed(range(MAX_SLOTS)))

# Batches use other slots, and leave lookups this part of each of Sentry's limits.
_BATCH_NUMBERS = tuple(range(MAX_SLOTS, MAX_SLOTS + BATCH_SLOTS_OF_ALL))
RESERVED = 0.25
_CROWDED_S = 1.0

_COUNT_TTL_S = 60.0
_POLL_S = 0.02
_FEWEST_TTL_S = 0.1
_PROBE_TTL_S = 30.0
_OUTAGES = (errors.SentryUnreachable, errors.SentryTimeout, errors.SentryServerError)

_REQUESTS = metrics.Counter(
    "sentry_requests",
    "Requests to Sentry by class of status. 429 is Sentry's rate limit; none means no response, "
    "including calls that Triage dropped because a result can do without them.",
    status=("2xx", "3xx", "4xx", "429", "5xx", "none"),
)
_REQUEST_SECONDS = metrics.Histogram(
    "sentry_request_duration_seconds", "Duration of requests to Sentry."
)
_RETRIES = metrics.Counter("sentry_retries", "Calls to Sentry that were tried again.")
_RETRY_SECONDS = metrics.Counter(
    "sentry_retry_wait_seconds", "Time waited before calls were tried again."
)
_HELD = metrics.Counter(
    "sentry_calls_held",
    "Calls that Triage didn't send: Sentry's rate limit is used up, the circuit is open after "
    "failures, or no slot became free in time.",
    reason=("rate_limit", "circuit", "slots"),
)
_SLOT_SECONDS = metrics.Histogram(
    "sentry_slot_wait_seconds", "Time until a call that a result needs got a slot."
)
_OPENED = metrics.Counter("sentry_circuit_openings", "Pauses in calls after failures.")
REFUSED = metrics.Counter(
    "refused_requests",
    "Requests refused before Sentry was called: all slots were taken, one person's share was "
    "taken, or there were too many calls per minute.",
    reason=("crowded", "own_share", "per_minute"),
)


class FairSlots:
    """Slots of this process. A free one goes to the person who holds the fewest of them."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._held: Counter[int | None] = Counter()
        self._waiting: list[tuple[object, int | None]] = []  # longest first
        self._change = Condition()

    @contextmanager
    def hold(self, person: int | None, seconds: float) -> Iterator[None]:
        """Hold a slot for the person (a primary key). Raise `SentryCrowded` if it takes longer."""
        ticket = object(), person
        with self._change:
            self._waiting.append(ticket)
            is_next = self._change.wait_for(
                lambda: self._held.total() < self.count and self._next() is ticket, seconds
            )
            self._waiting.remove(ticket)
            if is_next:
                self._held[person] += 1
            self._change.notify_all()
        if not is_next:
            raise errors.SentryCrowded("All connections to Sentry stayed busy.")
        try:
            yield
        finally:
            with self._change:
                self._held[person] -= 1
                self._change.notify_all()

    def _next(self) -> tuple[object, int | None]:
        return min(self._waiting, key=lambda ticket: self._held[ticket[1]])


@dataclass(frozen=True, slots=True)
class LimiterState:
    """Whether calls are paused after failures, and how many slots are in use, by kind."""

    is_open: bool
    slots_in_use: Mapping[str, int]


_local_slots: dict[tuple[str, str], FairSlots] = {}
_local_slots_lock = Lock()


def batch_slots() -> int:
    """Return how many batches this process does at a time.

    A single worker leaves time for other jobs and for pages; with several, others do those.
    """
    is_shared = bool(settings.REDIS_URL) and cache.is_available()
    return BATCH_SLOTS_AMONG_OTHERS if is_shared and has_other_workers() else BATCH_SLOTS


class SharedRateLimiter(RateLimiter):
    """The rate limiter for everyone who uses one token; `name` is a fingerprint of that token.

    Calls that no lookup may wait for have slots and blocks of their own (`_part` of a key), send
    no probe, and don't affect the circuit.
    """

    def __init__(self, name: str, person: int | None = None) -> None:
        self._name = name
        self._person = person
        self._rest = f"pace/{name}/rest"
        self._failures = f"pace/{name}/failures"
        self._probe = f"pace/{name}/probe"
        self._slot = f"pace/{name}/slot"
        self._fewest = f"pace/{name}/fewest"
        self._part: Literal["", "aside/", "batches/"] = ""
        self._local = [_slots_of(name, "all", MAX_SLOTS)]
        self._numbers = _ALL_SLOTS

    def for_related(self, lane: int = 0) -> "SharedRateLimiter":
        """Return the rate limiter for calls that an answer can do without: one slot per lane."""
        related = SharedRateLimiter(self._name, self._person)
        related._part = "aside/"
        related._local.insert(0, _slots_of(self._name, f"aside-{lane}", 1))
        related._numbers = (lane,)
        return related

    def for_batches(self) -> "SharedRateLimiter":
        """Return the rate limiter for long work, with a part of each limit left for lookups.

        If other workers are running, a process uses all free slots, such as for the end of a list.
        """
        batches = SharedRateLimiter(self._name, self._person)
        slots = _slots_of(self._name, "batches", BATCH_SLOTS)
        slots.count = BATCH_SLOTS if batch_slots() == BATCH_SLOTS else BATCH_SLOTS_OF_ALL
        batches._part, batches._local, batches._numbers = "batches/", [slots], _BATCH_NUMBERS
        return batches

    def check(self, route: str) -> None:
        """Raise `SentryRateLimited` or `SentryResting`. After a pause, a single probe passes."""
        blocks = (f"pace/{self._name}/not-before{route}", self._block_key(route))
        known = cache.get_many((*blocks, self._rest))
        wait = max(_number(known.get(block)) for block in blocks) - time.time()
        if wait > 0:
            _HELD.add("rate_limit")
            message = "Sentry limits how often we can send requests."
            raise errors.SentryRateLimited(message, retry_after=wait)
        rest = known.get(self._rest)
        if not isinstance(rest, list) or len(rest) != 2:
            return
        wait = _number(rest[0]) - time.time()
        if wait <= 0 and not self._part and cache.add(self._probe, 1, _PROBE_TTL_S):
            return
        _HELD.add("circuit")
        message = "Sentry failed several times in a row, so calls are paused for a while."
        raise errors.SentryResting(message, retry_after=max(wait, 1.0))

    @contextmanager
    def slot(self, seconds: float) -> Iterator[None]:
        """Hold a slot of this process and then one of those that all processes share."""
        started = time.monotonic()
        with ExitStack() as stack:
            try:
                for slots in self._local:
                    stack.enter_context(slots.hold(self._person, seconds))
                key, token = self._acquire(started + seconds)
            except errors.SentryCrowded:
                if not self._part:
                    _HELD.add("slots")
                raise
            stack.enter_context(_held.hold(key, token))
            if not self._part:
                _SLOT_SECONDS.observe(time.monotonic() - started)
            yield

    def record_response(self, route: str, headers: Mapping[str, str]) -> None:
        """Close the circuit, and make everyone wait for the reset if the limit is used up."""
        reset_s = seconds_to_reset(headers) or 0.0
        if self._part == "batches/":
            for prefix, seconds in (("", reset_s), ("concurrent", _CROWDED_S)):
                limit, left = (
                    _number(headers.get(f"x-sentry-rate-limit-{prefix}{name}"))
                    for name in ("limit", "remaining")
                )
                if limit and left < limit * RESERVED:
                    self._block(route, seconds)
            return
        if not self._part and cache.get_many((self._rest, self._failures)):
            for key in (self._rest, self._failures, self._probe):
                cache.delete(key)
        if headers.get("x-sentry-rate-limit-remaining", "").strip() == "0":
            self._block(route, reset_s)

    def record_error(self, route: str, error: errors.SentryError) -> None:
        """Note a rate limit for all; open the circuit after several outages, longer each time."""
        if isinstance(error, errors.SentryRateLimited):
            self._block(route, error.retry_after)
        elif self._part or isinstance(error, errors.SentryCrowded):
            return
        elif isinstance(error, _OUTAGES):
            rest = cache.get(self._rest)
            if rest is None and cache.increment(self._failures, _COUNT_TTL_S) < FAILURES_TO_OPEN:
                return
            last = _number(rest[1]) if isinstance(rest, list) and len(rest) == 2 else 0.0
            seconds = min(max(REST_S, last * 2), MAX_REST_S)
            until = time.time() + seconds
            cache.put(self._rest, [until, seconds], seconds + _PROBE_TTL_S)
            cache.delete(self._probe)
            _OPENED.add()

    def record_request(self, call: Call) -> None:
        family = "none" if call.status is None else f"{call.status // 100}xx"
        _REQUESTS.add("429" if call.status == 429 else family)
        _REQUEST_SECONDS.observe(call.duration_ms / 1000)

    def record_retry(self, wait_s: float) -> None:
        _RETRIES.add()
        _RETRY_SECONDS.add(amount=wait_s)

    def state(self) -> LimiterState:
        """Return what can be seen of the circuit and the slots now."""
        kinds = {"lookups": _ALL_SLOTS, "incidents": _BATCH_NUMBERS}
        keys = {kind: [f"{self._slot}/{one}" for one in numbers] for kind, numbers in kinds.items()}
        known = cache.get_many((self._rest, *(key for some in keys.values() for key in some)))
        used = {kind: sum(key in known for key in some) for kind, some in keys.items()}
        return LimiterState(self._rest in known, used)

    def _block_key(self, route: str) -> str:
        """Return the key of a limit's block: most endpoints have a limit of their own.

        Limits that related calls meet hold back only them, except for Sentry's shared one.
        """
        part = "" if self._part == "aside/" and route == SHARED_LIMIT else self._part
        return f"pace/{self._name}/{part}not-before{route}"

    def _block(self, route: str, seconds: float) -> None:
        if seconds > 0:
            cache.put(self._block_key(route), time.time() + seconds, seconds)

    def _acquire(self, give_up: float) -> tuple[str, str]:
        """Return key and token of a slot; people with fewer go first. Raise `SentryCrowded`."""
        token = f"{self._person}/{uuid.uuid4().hex}"
        keys = [f"{self._slot}/{number}" for number in _ALL_SLOTS]
        while True:
            known = cache.get_many((*keys, self._fewest))
            own = sum(str(known.get(key)).startswith(f"{self._person}/") for key in keys)
            if own <= _number(known.get(self._fewest, MAX_SLOTS)):
                for key in (f"{self._slot}/{number}" for number in self._numbers):
                    if key not in known and cache.add(key, token, SLOT_S):
                        return key, token
                if not self._part:
                    cache.put(self._fewest, own, _FEWEST_TTL_S)
            if time.monotonic() > give_up:
                raise errors.SentryCrowded("All connections to Sentry stayed busy.")
            time.sleep(_POLL_S)


class _HeldSlots:
    """The shared slots that this process holds, renewed by one thread while there are any.

    They live for seconds, so that those of a killed process or a lost Redis soon become free.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._tokens: dict[str, str] = {}
        self._is_renewing = False

    @contextmanager
    def hold(self, key: str, token: str) -> Iterator[None]:
        """Renew a slot that was just taken, and give it up at the end."""
        with self._lock:
            self._tokens[key] = token
            if not self._is_renewing:
                self._is_renewing = True
                Thread(target=self._renew, name="slots", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                self._tokens.pop(key, None)
            cache.delete_if_equal(key, token)

    def _renew(self) -> None:
        while True:
            time.sleep(SLOT_S / 4)
            with self._lock:
                held = dict(self._tokens)
                if not held:
                    self._is_renewing = False
                    return
            for key, token in held.items():
                # After a long pause, another process may hold the slot.
                if self._tokens.get(key) == token and cache.get(key) in (token, None):
                    cache.put(key, token, SLOT_S)


_held = _HeldSlots()


def _slots_of(name: str, kind: str, count: int) -> FairSlots:
    """Return this process's slots for the token, the same for every rate limiter."""
    with _local_slots_lock:
        return _local_slots.setdefault((name, kind), FairSlots(count))


def _number(value: object) -> float:
    try:
        return float(value) if isinstance(value, int | float | str) else 0.0
    except ValueError:
        return 0.0


# Requests that wait for Sentry: a limited number at a time, so threads are left for other pages.

_change = Condition()
_waiting: Counter[int | None] = Counter()  # requests of this process by person
_line: Counter[int | None] = Counter()  # those that wait for a slot


@contextmanager
def request_slot(person: int | None, patience_s: float = 0.0) -> Iterator[None]:
    """Hold one of the process's slots for requests that wait for Sentry.

    Raise `LookupCrowded` if all are taken, or if the person (a primary key) has a third. A few
    requests can wait for a slot for `patience_s` seconds; the others fail at once.
    """
    with _change:
        refusal = _refusal(person)
        # One that waits for a slot must not take a thread from other pages.
        has_room = _waiting.total() + _line.total() < settings.TRIAGE_MOST_WAITING
        if refusal and patience_s and has_room:
            _line[person] += 1
            _change.wait_for(lambda: not _refusal(person), patience_s)
            _line[person] -= 1
            refusal = _refusal(person)
        if not refusal:
            _waiting[person] += 1
    if refusal:
        REFUSED.add(refusal)
        crowded = problems.problem_of(errors.SentryCrowded("All request slots are in use."))
        raise problems.LookupCrowded(problems.OWN_SHARE if refusal == "own_share" else crowded)
    try:
        yield
    finally:
        with _change:
            _waiting[person] -= 1
            _change.notify_all()


def has_spare_slots() -> bool:
    """Return whether more than half are free: the rest is for requests that need one."""
    with _change:
        return _waiting.total() < settings.TRIAGE_MOST_WAITING // 2


def _refusal(person: int | None) -> Literal["", "crowded", "own_share"]:
    """Return why the person can't have a slot now, if so."""
    most = settings.TRIAGE_MOST_WAITING
    if _waiting.total() >= most:
        return "crowded"
    return "own_share" if _waiting[person] >= max(2, most // 3) else ""
