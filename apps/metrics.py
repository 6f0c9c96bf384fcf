"""Metrics for Prometheus: numbers that all processes on all machines add to, in the database.

A label has only values that the code lists, so it never contains what was typed or received.
"""

import atexit
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from threading import Lock, Thread
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import Error, connection

from apps.jobs.models import Tally

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

FLUSH_S = 2.0
SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_OTHER = "other"
_ADD = (
    "INSERT INTO jobs_tally (name, value) VALUES {} "
    "ON CONFLICT (name) DO UPDATE SET value = jobs_tally.value + excluded.value"
)


def is_on() -> bool:
    """Return whether someone can read metrics. Otherwise, nothing is counted."""
    return bool(settings.TRIAGE_METRICS_TOKEN or settings.TRIAGE_METRICS_NETWORKS)


class _Pending:
    """What this process has yet to add to the database."""

    def __init__(self, *, has_thread: bool = False) -> None:
        self._lock = Lock()
        self._amounts: dict[str, float] = defaultdict(float)
        self._has_thread = has_thread

    def add(self, amounts: Mapping[str, float]) -> None:
        """Add to these rows within seconds, or when the process ends."""
        with self._lock:
            self._merge(amounts)
            if not self._has_thread:
                with suppress(RuntimeError):  # no thread is left: the next number tries again
                    Thread(target=self._run, name="metrics", daemon=True).start()
                    self._has_thread = True

    def flush(self) -> None:
        """Add to the database now. Raise a database error; the amounts then remain."""
        with self._lock:
            amounts, self._amounts = self._amounts, defaultdict(float)
        if not amounts:
            return
        rows = sorted(amounts.items())  # every process locks them in the same order
        values = ", ".join(["(%s, %s)"] * len(rows))
        try:
            with connection.cursor() as cursor:
                cursor.execute(_ADD.format(values), [one for row in rows for one in row])
        except Error:
            with self._lock:
                self._merge(amounts)
            raise

    def flush_quietly(self) -> None:
        """Add to the database if it can be used, from a thread without a request."""
        with suppress(Error):
            self.flush()
        connection.close()

    def _merge(self, amounts: Mapping[str, float]) -> None:
        for row, amount in amounts.items():
            self._amounts[row] += amount

    def _run(self) -> None:
        while True:
            time.sleep(FLUSH_S)
            self.flush_quietly()
            with self._lock:
                if not self._amounts:
                    self._has_thread = False
                    return


_pending = _Pending()
atexit.register(_pending.flush_quietly)


class _Family:
    """A metric with labels, each with the values that it can have."""

    def __init__(self, name: str, text: str, **labels: Iterable[str]) -> None:
        self._name, self._text = f"triage_{name}", text
        self._labels = {label: tuple(values) for label, values in labels.items()}
        _families.append(self)

    def _row(self, values: Sequence[str]) -> str:
        pairs = zip(values, self._labels.values(), strict=True)
        known = (value if value in listed else _OTHER for value, listed in pairs)
        return "|".join((self._name, *known))

    def _combinations(self) -> Iterator[tuple[str, ...]]:
        return product(*((*values, _OTHER) for values in self._labels.values()))

    def collect(self, tallies: Mapping[str, float]) -> "Metric":
        """Return the metric with its samples; those of listed values start at 0."""
        raise NotImplementedError


_families: list[_Family] = []


class Counter(_Family):
    """A number that only grows."""

    def add(self, *values: str, amount: float = 1) -> None:
        """Add to the number with these labels."""
        if is_on():
            _pending.add({self._row(values): amount})

    def collect(self, tallies: Mapping[str, float]) -> "Metric":
        from prometheus_client.metrics_core import CounterMetricFamily  # noqa: PLC0415

        family = CounterMetricFamily(self._name, self._text, labels=list(self._labels))
        for values in self._combinations():
            amount = tallies.get(self._row(values), 0.0)
            if amount or _OTHER not in values:
                family.add_metric(values, amount)
        return family


class Histogram(_Family):
    """How many durations were up to each of `SECONDS`."""

    def observe(self, seconds: float, *values: str) -> None:
        """Count one duration with these labels."""
        if is_on():
            place, row = bisect_left(SECONDS, seconds), self._row(values)
            _pending.add({f"{row}|{place}": 1, f"{row}|sum": seconds})

    def collect(self, tallies: Mapping[str, float]) -> "Metric":
        from prometheus_client.metrics_core import HistogramMetricFamily  # noqa: PLC0415

        family = HistogramMetricFamily(self._name, self._text, labels=list(self._labels))
        for values in self._combinations():
            row, count, buckets = self._row(values), 0.0, []
            for place, limit in enumerate((*SECONDS, "+Inf")):
                count += tallies.get(f"{row}|{place}", 0.0)
                buckets.append((str(limit), count))
            if count or _OTHER not in values:
                family.add_metric(values, buckets, tallies.get(f"{row}|sum", 0.0))
        return family


@dataclass(frozen=True, slots=True)
class Gauge:
    """A current state. With `label`, `values` has a number for each of its values."""

    name: str
    text: str
    values: Mapping[str, float]
    label: str = ""

    def collect(self) -> "Metric":
        from prometheus_client.metrics_core import GaugeMetricFamily  # noqa: PLC0415

        labels = [self.label] if self.label else []
        family = GaugeMetricFamily(f"triage_{self.name}", self.text, labels=labels)
        for value, number in self.values.items():
            family.add_metric([value] if labels else [], number)
        return family


@dataclass(frozen=True, slots=True)
class _Collector:
    metrics: "Sequence[Metric]"

    def collect(self) -> "Iterable[Metric]":
        return self.metrics


def expose(accept: str, gauges: Iterable[Gauge]) -> tuple[bytes, str]:
    """Return all metrics as this `Accept` header asks, and their type. Raise a database error."""
    # A tenth of a second to load, which most processes don't need.
    from prometheus_client.exposition import choose_encoder  # noqa: PLC0415

    tallies = dict(Tally.objects.values_list("name", "value"))
    counted = [family.collect(tallies) for family in _families]
    try:
        encode, content_type = choose_encoder(accept)
    except TypeError:  # a version that isn't one
        encode, content_type = choose_encoder("")
    return encode(_Collector([*counted, *(gauge.collect() for gauge in gauges)])), content_type
