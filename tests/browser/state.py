"""Page states."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.browser.visitor import Visitor


@dataclass(frozen=True)
class State:
    """A named page state; `enter` takes a signed-in visitor to it."""

    name: str
    enter: Callable[[Visitor], None]
    role: str = "agent"


def open_path(path: str) -> Callable[[Visitor], None]:
    """Open this path."""

    def enter(visitor: Visitor) -> None:
        visitor.page.goto(f"{visitor.site.url}{path}")

    return enter
