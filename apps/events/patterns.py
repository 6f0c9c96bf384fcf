"""Patterns and words in TOML files beside the code, where they are easier to read and change."""

import re
import tomllib
from pathlib import Path

_PART = re.compile(r"\{([a-z_]+)\}")


class PatternFile:
    """The tables of a TOML file.

    In its patterns, line breaks are dropped, and `{name}` stands for a pattern under `[parts]` or
    in `parts`.
    """

    def __init__(self, text: str, **parts: str) -> None:
        self.tables = tomllib.loads(text)
        self._parts = parts
        for name, pattern in self.tables.pop("parts", {}).items():
            self._parts[name] = self.expand(pattern)

    @classmethod
    def read(cls, name: str, *, beside: str = __file__, **parts: str) -> "PatternFile":
        """Return the file of that name in the folder of a module, by default of this one."""
        return cls((Path(beside).parent / name).read_text("utf-8"), **parts)

    def expand(self, pattern: str, **more: str) -> str:
        """Return a pattern with its parts, which can be `more`. Raise ValueError for others."""
        parts = self._parts | more
        pattern = pattern.replace("\n", "")
        if unknown := set(_PART.findall(pattern)) - parts.keys():
            raise ValueError(f"no part is named {', '.join(sorted(unknown))}")
        return _PART.sub(lambda name: parts[name[1]], pattern)

    def compile(self, name: str, flags: re.RegexFlag = re.NOFLAG, **more: str) -> re.Pattern[str]:
        """Return a pattern under `[patterns]`."""
        return re.compile(self.expand(self.tables["patterns"][name], **more), flags)
