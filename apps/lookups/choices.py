"""The words that records choose from."""

from django.db import models


class Origin(models.TextChoices):
    """Through which door the lookup came."""

    WEB = "web", "web page"
    API = "api", "API"
    CLI = "cli", "command line"


class Outcome(models.TextChoices):
    """How a lookup ended, as far as it has."""

    PENDING = "pending", "not run yet"
    FOUND = "found", "found"
    NOTHING = "nothing", "no errors (confirmed)"
    INCOMPLETE = "incomplete", "incomplete"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "stopped"


class How(models.TextChoices):
    """What became of an export."""

    COPIED = "copied", "copied"
    DOWNLOADED = "downloaded", "downloaded"
    PRINTED = "printed", "sent to a program or terminal"
