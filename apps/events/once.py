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
    """Evaluate the rules, and whatever else is `found_once`, only once inside the block."""
    outer = _cached.get()
    token = _cached.set({} if outer is None else outer)
    try:
        yield
    finally:
        _cached.reset(token)


def found_once(find: Callable[[_Given], _Found]) -> Callable[[_Given], _Found]:
    """Decorate a function so that it runs only once for each object inside a `rule_cache`."""

    @wraps(find)
    def find_once(given: _Given) -> _Found:
        cached = _cached.get()
        if cached is None:
            return find(given)
        key = (find, id(given))
        if key not in cached:
            cached[key] = (given, find(given))
        found: _Found = cached[key][1]
        return found

    return find_once
