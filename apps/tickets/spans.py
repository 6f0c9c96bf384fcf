"""Places in a text: which overlap, and what stands between two of them."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

_HARD_BREAK = re.compile(r"\n[ \t\r>]{0,8}\n|[!?;]\s|[^\W\d]{2}\.\s{1,3}(?=[A-ZÄÖÜÉ¿¡])")


class Spanned(Protocol):
    """Anything read from `start` up to, not including, `end`."""

    @property
    def start(self) -> int:
        """Where it begins."""

    @property
    def end(self) -> int:
        """The place behind its last character."""


S = TypeVar("S", bound=Spanned)


def outside(seen: Iterable[S], taken: Iterable[Spanned]) -> list[S]:
    """Those that overlap none of `taken`, which may overlap each other."""
    merged: list[list[int]] = []
    for span in sorted((span.start, span.end) for span in taken):
        if merged and span[0] <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], span[1])
        else:
            merged.append(list(span))
    starts = [start for start, _ in merged]

    def is_free(one: S) -> bool:
        before = bisect_right(starts, one.end - 1) - 1
        return before < 0 or merged[before][1] <= one.start

    return [one for one in seen if is_free(one)]


def nearest_before(ordered: Sequence[S], at: int) -> S | None:
    """The last one that begins before `at`; `ordered` by their starts."""
    index = bisect_right([one.start for one in ordered], at) - 1
    return ordered[index] if index >= 0 else None


def is_broken(between: str) -> bool:
    """Whether a sentence or a paragraph ends in the text between two places."""
    return bool(_HARD_BREAK.search(between))
