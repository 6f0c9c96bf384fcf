"""Add and remove known errors in a running site."""

import os
import subprocess
import sys

from tests.browser.site import ROOT, Site

REPLY = "{greeting}\n\nyour bank refused the card on {moment}."
# Matches the first problem of demo customer 1001; this pattern outranks every other.
ADD = f"""
from apps.known_errors.models import KnownError
specific = {{"issue": "CHECKOUT-API-1", "type": {{"exact": "PaymentDeclined"}},
         "message": {{"contains": "The bank declined the charge"}}}}
links = [{{"label": "Status page", "address": "https://status.example/7"}}]
for slug, pattern in (("test-best", specific), ("test-other", {{"type": specific["type"]}})):
    KnownError.objects.create(
        slug=slug, title=f"Cards are refused ({{slug}})", pattern=pattern, owner="Payments",
        explanation="The bank has an outage.", reply={REPLY!r}, links=links, workaround="Wait.",
    )
"""
REMOVE = """
from apps.known_errors.models import KnownError
KnownError.objects.filter(slug__startswith="test-").delete()
"""


def run(site: Site, program: str) -> None:
    """Run Python code against the site's database."""
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "TRIAGE_VAR_DIR": str(site.folder),
        "TRIAGE_ENV_FILE": os.devnull,
        "TRIAGE_DEMO": "1",
    }
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", program],
        cwd=ROOT,
        env=environment,
        check=True,
    )
