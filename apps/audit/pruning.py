"""Removing entries of the trail that are past their time."""

from datetime import datetime


def prune_trail(before: datetime) -> int:
    """Remove the entries from before this moment; returns how many.

    None can go as long as the trail is verified from its first entry on.
    """
    return 0
