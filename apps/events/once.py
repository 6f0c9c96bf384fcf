"""Finding something about an object only once in a request."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar

# By function and id; the argument is stored too, so that its id is not reused.
_cached: ContextVar[dict[tuple[object, int], tuple[object, Any]] | None] = ContextVar(
    "cached", default=None
)
_Given = TypeVar("_Given")
_Found = TypeVar("_Found")


@contextmanager
def rule_cache() -> Iterator[None]:
    """Evaluate the rules, and whatever else is found `once`, only once inside the block."""
    outer = _cached.get()
    token = _cached.set({} if outer is None else outer)
    try:
        yield
    finally:
        _cached.reset(token)


def once(find: Callable[[_Given], _Found], given: _Given) -> _Found:
    """Return what is found for an object, only once for each inside a `rule_cache`."""
    cached = _cached.get()
    if cached is None:
        return find(given)
    key = (find, id(given))
    if key not in cached:
        cached[key] = (given, find(given))
    found: _Found = cached[key][1]
    return found


def found_once(find: Callable[[_Given], _Found]) -> Callable[[_Given], _Found]:
    """Decorate a function that finds something about an object, so that it does so `once`."""

    @wraps(find)
    def find_once(given: _Given) -> _Found:
        return once(find, given)

    return find_once
