"""The words that records choose from."""

from django.db import models


class Origin(models.TextChoices):
    """Through which door the lookup came."""

    WEB = "web", "web page"
    API = "api", "API"
    CLI = "cli", "command line"


class Outcome(models.TextChoices):
    """How a lookup ended, as far as it has."""

    PENDING = "pending", "not asked yet"
    FOUND = "found", "found"
    NOTHING = "nothing", "surely none"
    INCOMPLETE = "incomplete", "incomplete"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "stopped by a person"


class How(models.TextChoices):
    """What became of an export."""

    COPIED = "copied", "copied"
    DOWNLOADED = "downloaded", "downloaded"
    PRINTED = "printed", "handed to a program or a terminal"
