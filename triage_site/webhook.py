"""Settings of the webhook that drafts are handed over to. Part of `settings`."""

from urllib.parse import urlsplit

from apps.answers.signature import SecretRefused, key_of
from triage_site import env

TRIAGE_WEBHOOK_URL = env.text("TRIAGE_WEBHOOK_URL")
TRIAGE_WEBHOOK_SECRET = env.text("TRIAGE_WEBHOOK_SECRET")

_IS_WHOLE = bool(TRIAGE_WEBHOOK_URL) == bool(TRIAGE_WEBHOOK_SECRET)
if not _IS_WHOLE:
    env.stop(
        "TRIAGE_WEBHOOK_URL and TRIAGE_WEBHOOK_SECRET belong together. "
        "Please set both of them, or neither."
    )


def _is_readable(address: str) -> bool:
    try:
        parts = urlsplit(address)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    has_host = parts.scheme in ("http", "https") and bool(parts.hostname) and has_port
    return has_host and "@" not in parts.netloc and address.isascii() and not parts.fragment


if TRIAGE_WEBHOOK_URL and not _is_readable(TRIAGE_WEBHOOK_URL):
    env.stop(
        "TRIAGE_WEBHOOK_URL must be an address such as https://hooks.example.org/triage, "
        "without a user in it."
    )
if TRIAGE_WEBHOOK_SECRET:
    try:
        key_of(TRIAGE_WEBHOOK_SECRET)
    except SecretRefused as _refused:
        env.stop(f"TRIAGE_WEBHOOK_SECRET {_refused}")
