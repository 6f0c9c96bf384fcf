"""Helpers for management commands."""

import os
import pwd


def system_user() -> str:
    """Return the operating system's user. The environment is ignored: it could name anyone."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name[:100]
    except KeyError:
        return f"uid {os.getuid()}"


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: 1 result, 1,204 results."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
