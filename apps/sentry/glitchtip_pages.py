"""Going through one of GlitchTip's lists without losing a row between two pages."""

from collections.abc import Callable
from dataclasses import dataclass, field

from apps.sentry.errors import SentryRejectedQuery
from apps.sentry.glitchtip_api import PER_PAGE, Page, wider

AskPage = Callable[[str | None], Page]


@dataclass
class Pager:
    """Asks for page after page of one list; `limits` says what could hide rows."""

    ask: AskPage
    pages: int = 0
    has_ended: bool = False
    limits: list[str] = field(default_factory=list)
    _cursor: str | None = None
    _plain: str | None = None

    def read(self) -> Page:
        """The next page. Raises a `SentryError`."""
        try:
            page = self.ask(self._cursor)
        except SentryRejectedQuery:
            if self._cursor == self._plain:
                raise
            self._edge_is_unsure()
            page = self.ask(self._plain)
        self.pages += 1
        return page

    def turn(self, page: Page, *, has_moved: bool) -> None:
        """Get ready for the page after this one, which brought something new or did not.

        The last row's moment is read once more, because the server goes on strictly before it.
        """
        if page.cursor is None:
            self.has_ended = True
            if len(page.rows) >= PER_PAGE and not page.has_link:
                self.limits.append("The server didn't say whether a list continues.")
            return
        self._plain = page.cursor
        self._cursor = wider(page.cursor) if has_moved else None
        if self._cursor is None:
            self._edge_is_unsure()
            self._cursor = page.cursor

    def jump(self, cursor: str) -> None:
        """Go on at another place of the list."""
        self._cursor = self._plain = cursor

    def _edge_is_unsure(self) -> None:
        self.limits.append(
            "Some of what the server received at exactly the same moment may be missing."
        )
