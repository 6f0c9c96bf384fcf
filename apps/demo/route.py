"""A path, what it takes to pass, and who answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from apps.demo.exchange import Answer, Ask

Endpoint = Callable[[Ask], Answer]


@dataclass(frozen=True)
class Route:
    """A path, the scope its token needs (None for the web pages) and the endpoint."""

    path: re.Pattern[str]
    scope: str | None
    endpoint: Endpoint

    def match(self, path: str) -> dict[str, str] | None:
        """What the path names, or None when it is another path."""
        found = self.path.fullmatch(path)
        if found is None:
            return None
        return {name: value for name, value in found.groupdict().items() if value is not None}


def route(path: str, scope: str | None, endpoint: Endpoint) -> Route:
    """A route from the text of its pattern."""
    return Route(re.compile(path), scope, endpoint)
