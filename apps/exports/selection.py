"""Taking at most so much of everything, harmless, and keeping account of what was left out."""

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

from apps.exports.detail import Detail
from apps.exports.facts import Omission
from apps.exports.hostile import Neutraliser, cut

T = TypeVar("T")
EVERYWHERE = "the export"


class Selection:
    """One run of choosing facts: the detail to choose by and what did not get in."""

    def __init__(self, detail: Detail, marker: str) -> None:
        self.detail = detail
        self._neutraliser = Neutraliser(marker)
        self._omitted: Counter[tuple[str, str]] = Counter()

    def text(self, raw: str, limit: int, where: str) -> str:
        """The text made harmless and cut to so many characters; left as it came when plain."""
        if self.detail.plain:
            return raw
        # Cleaning at most halves a text (line ends), so what is beyond twice the limit cannot show.
        shown = self._neutraliser.clean(raw[: 2 * limit + 64])
        if len(shown) > limit:
            self.leave_out("ends of long texts", 1, where)
        return cut(shown, limit)

    def maybe_text(self, raw: str | None, limit: int, where: str) -> str | None:
        """The same for a text that may not be known."""
        return None if raw is None else self.text(raw, limit, where)

    def name(self, raw: str | None, where: str) -> str | None:
        """A short text: a release, a function, a field's name."""
        return self.maybe_text(raw, self.detail.names, where)

    def link(self, raw: str | None, where: str, *, wanted: bool) -> str | None:
        """An address in full or not at all: half of one leads nowhere."""
        if raw is None or (wanted and len(raw) <= 300) or self.detail.plain:
            return self.maybe_text(raw, 700, where)
        self.leave_out("links", 1, where)
        return None

    def reference(self, raw: str | None, what: str, where: str, *, wanted: bool) -> str | None:
        """An id that helps to look further, when it is wanted."""
        if raw is None or wanted:
            return self.maybe_text(raw, max(self.detail.names, 40), where)
        self.leave_out(what, 1, where)
        return None

    def first(self, items: Sequence[T], limit: int, what: str, where: str) -> tuple[T, ...]:
        """So many from the front; the others are counted as left out."""
        self.leave_out(what, len(items) - limit, where)
        return tuple(items[:limit])

    def leave_out(self, what: str, count: int, where: str) -> None:
        """Note that so many are missing; nothing is noted for none."""
        if count > 0:
            self._omitted[what, where if self.detail.places else EVERYWHERE] += count

    @property
    def omitted(self) -> tuple[Omission, ...]:
        """What was left out, in the order it was noticed; what is too much to list in one sum."""
        told = [Omission(what, count, where) for (what, where), count in self._omitted.items()]
        room = self.detail.omissions
        if len(told) <= room:
            return tuple(told)
        rest = sum(left_out.count for left_out in told[room - 1 :])
        return (*told[: room - 1], Omission("other things", rest, EVERYWHERE))

    @property
    def neutralised(self) -> dict[str, int]:
        """How many characters of each kind were spelled out or broken up."""
        counts = {kind: count for kind, count in self._neutraliser.counts.items() if count}
        return self.counted(counts)

    def counted(self, counts: dict[str, int]) -> dict[str, int]:
        """The counts by kind, or their sum where there are more kinds than there is room for."""
        if len(counts) <= self.detail.counts:
            return {
                self.text(kind, max(self.detail.names, 30), EVERYWHERE): n
                for kind, n in counts.items()
            }
        return {"of any kind": sum(counts.values())}
