"""One stylesheet for the pages out of two files: the review shares the first of them."""

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
    """Finds `web/site.css`, which it makes in a folder of its own that ends with the process."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        self._folder = TemporaryDirectory(prefix="triage-styles-")
        self._storage = FileSystemStorage(self._folder.name)

    def check(self, **_kwargs: Any) -> list[Any]:
        """There is nothing to set up wrongly."""
        return []

    def find(self, path: str, find_all: bool = False, **_kwargs: Any) -> Any:
        """The file's place on disk; an empty list for any other file."""
        if path != JOINED:
            return []
        place = str(self._join())
        return [place] if find_all else place

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        """The one file."""
        self._join()
        yield JOINED, self._storage

    def _join(self) -> Path:
        """As old as its newest part, so that browsers hear the same from every process."""
        parts = [_SOURCES / name for name in _PARTS]
        place = Path(self._folder.name) / JOINED
        place.parent.mkdir(exist_ok=True)
        place.write_text("\n".join(part.read_text() for part in parts))
        newest = max(part.stat().st_mtime for part in parts)
        os.utime(place, (newest, newest))
        return place
