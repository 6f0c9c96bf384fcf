"""The site's settings, for one person who does the work of many."""

from triage_site.settings import *  # noqa: F403

TRIAGE_LOOKUPS_PER_MINUTE = 100_000
