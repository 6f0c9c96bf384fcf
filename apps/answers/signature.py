"""Sign messages as specified by Standard Webhooks.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
from datetime import UTC, datetime

from standardwebhooks import Webhook

_PREFIX = "whsec_"
_MIN_BYTES, _MAX_BYTES = 24, 64


class SecretRefused(ValueError):
    """The secret is malformed; the message continues a sentence that starts with its name."""


def check_secret(secret: str) -> None:
    """Raise `SecretRefused` unless it is `whsec_` and base64 of a proper length."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not _MIN_BYTES <= len(key) <= _MAX_BYTES:
        raise SecretRefused(
            f"must be whsec_ and the base64 of {_MIN_BYTES} to {_MAX_BYTES} random bytes, "
            "for example the output of: python -c 'import base64, secrets; "
            'print("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())\''
        )


def signed_headers(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers for the body. Raise `SecretRefused`."""
    check_secret(secret)
    at = at.astimezone(UTC).replace(microsecond=0)  # the library takes any clock for UTC
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, body.decode()),
    }
