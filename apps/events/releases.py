"""Names of releases: how they are said, and which of two is the older one, where that is sure."""

import re
from dataclasses import dataclass
from functools import lru_cache

_DOTTED = re.compile(
    r"v?(?P<numbers>[0-9]{1,9}(?:\.[0-9]{1,9}){1,3})"
    r"(?:-(?P<pre>[0-9A-Za-z-]{1,60}(?:\.[0-9A-Za-z-]{1,60}){0,9}))?"
    r"(?:\+(?P<build>[0-9A-Za-z.-]{1,200}))?"
)
# What `git describe` writes behind a tag: commits after it, where semver would read "before it".
_AFTER_A_TAG = re.compile(
    r"(?:^|[.-])[0-9]+-g[0-9a-f]{4,40}(?:-dirty)?$|^[0-9]+(?:-dirty)?$|^dirty$"
)
_HASH = re.compile(r"[0-9a-f]{32,64}")
_SHOWN_OF_HASH = 12


@dataclass(frozen=True, slots=True)
class _Version:
    numbers: tuple[int, ...]
    pre: tuple[str, ...]
    build: str


def package_of(release: str) -> str:
    """What stands before the last `@`: `checkout-api` of `checkout-api@2.14.0`."""
    return release.rpartition("@")[0]


def short_release(release: str) -> str:
    """A release without its package; of a hash the first letters."""
    version = release.rpartition("@")[2] or release
    return version[:_SHOWN_OF_HASH] if _HASH.fullmatch(version) else version


def compared(first: str, second: str) -> int | None:
    """-1 when the first release is the older one, 1 when it is the newer one, 0 when they are one.

    None unless both are surely comparable: of the same package, with dotted numbers, in the order
    of semver (https://semver.org/#spec-item-11). A build has no order, so that of two builds of one
    version nothing is said.
    """
    if first == second:
        return 0
    one, other = _parsed(first), _parsed(second)
    if package_of(first) != package_of(second) or one is None or other is None:
        return None
    if one.numbers == other.numbers:
        return _compared_in_detail(one, other)
    return -1 if one.numbers < other.numbers else 1


def _compared_in_detail(one: _Version, other: _Version) -> int | None:
    if one.pre == other.pre:
        return 0 if one.build == other.build else None
    if any(_AFTER_A_TAG.search(".".join(version.pre)) for version in (one, other)):
        return None
    return -1 if _order(one.pre) < _order(other.pre) else 1


@lru_cache(maxsize=4096)
def _parsed(release: str) -> _Version | None:
    found = _DOTTED.fullmatch(release.rpartition("@")[2])
    if found is None:
        return None
    numbers = [int(number) for number in found["numbers"].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    pre = tuple(found["pre"].split(".")) if found["pre"] else ()
    return _Version(tuple(numbers), pre, found["build"] or "")


def _order(pre: tuple[str, ...]) -> tuple[bool, tuple[tuple[bool, int, str], ...]]:
    """Before a version come its pre-releases; numbers come before words, fewer before more."""
    parts = (
        (not part.isdigit(), int(part) if part.isdigit() else 0, "" if part.isdigit() else part)
        for part in pre
    )
    return (not pre, tuple(parts))
