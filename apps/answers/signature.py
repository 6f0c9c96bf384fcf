"""Signing a message as Standard Webhooks has it, so that its receiver can tell whose it is.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

_PREFIX = "whsec_"
_FEWEST_BYTES, _MOST_BYTES = 24, 64


class SecretRefused(ValueError):
    """A secret that is none; the text goes on from its name."""


def key_of(secret: str) -> bytes:
    """The key that `whsec_...` stands for. Raises `SecretRefused`."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not _FEWEST_BYTES <= len(key) <= _MOST_BYTES:
        raise SecretRefused(
            f"must be whsec_ and the base64 of {_FEWEST_BYTES} to {_MOST_BYTES} random bytes, "
            "for example the output of: python -c 'import base64, secrets; "
            'print("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())\''
        )
    return key


def signed_headers(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers that go with the body. Raises `SecretRefused`."""
    second = str(int(at.timestamp()))
    told = f"{message_id}.{second}.".encode() + body
    digest = hmac.new(key_of(secret), told, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": second,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
