"""What a state of a page is."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.browser.visitor import Visitor


@dataclass(frozen=True)
class State:
    """A state by its name; `bring` leads a signed-in visitor there."""

    name: str
    bring: Callable[[Visitor], None]
    who: str = "agent"


def address(path: str) -> Callable[[Visitor], None]:
    """The page at this address."""

    def bring(visitor: Visitor) -> None:
        visitor.page.goto(f"{visitor.site.url}{path}")

    return bring
