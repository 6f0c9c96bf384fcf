"""The site's settings, for results that wait for everything that belongs to them."""

from triage_site.settings import *  # noqa: F403

TRIAGE_SIGNALS_WAIT_MS = 5000
