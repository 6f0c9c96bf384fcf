"""A static files finder that joins the stylesheets of the site. Manage uses only the first."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage, Storage

JOINED = "web/site.css"
_PARTS = ("frame.css", "triage.css")
_SOURCES = Path(__file__).parent / "static" / "web"


class JoinedStyles(BaseFinder):
    """Finder of `web/site.css`, which it builds in a temporary folder of this process."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        self._folder = TemporaryDirectory(prefix="triage-styles-")
        self._storage = FileSystemStorage(self._folder.name)

    def check(self, **_kwargs: Any) -> list[Any]:
        """Return no messages: there is nothing to configure."""
        return []

    def find(self, path: str, find_all: bool = False, **_kwargs: Any) -> Any:
        """Return the path on disk of the joined file; an empty list for any other file."""
        if path != JOINED:
            return []
        target = str(self._join())
        return [target] if find_all else target

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        """Yield the joined file."""
        self._join()
        yield JOINED, self._storage

    def _join(self) -> Path:
        """Write the file, with the newest part's mtime: every process sends one Last-Modified."""
        parts = [_SOURCES / name for name in _PARTS]
        target = Path(self._folder.name) / JOINED
        target.parent.mkdir(exist_ok=True)
        target.write_text("\n".join(part.read_text() for part in parts))
        newest = max(part.stat().st_mtime for part in parts)
        os.utime(target, (newest, newest))
        return target
