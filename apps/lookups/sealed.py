"""What the shared cache holds that is about customers, or that our token follows: sealed.

Each value is sealed for its key, so that whoever can write to the cache can neither read one, nor
make one up, nor pass one customer's answer off as another's. What cannot be opened is not there.
"""

import base64
import json

from apps.crypto import Unreadable, seal_as, unseal_as
from apps.lookups import shared


def get(key: str) -> object:
    """The value; None when there is none that this site has put there."""
    content = get_bytes(key)
    return None if content is None else json.loads(content)


def put(key: str, value: object, seconds: float) -> None:
    """Keep a value (JSON types only) for so long."""
    put_bytes(key, json.dumps(value, separators=(",", ":")).encode(), seconds)


def get_bytes(key: str) -> bytes | None:
    """The same of what is no JSON value, or is packed already."""
    value = shared.get(key)
    try:
        return unseal_as(key, base64.b64decode(value)) if isinstance(value, str) else None
    except (Unreadable, ValueError):
        return None


def put_bytes(key: str, content: bytes, seconds: float) -> None:
    """Keep these bytes for so long."""
    shared.put(key, base64.b64encode(seal_as(key, content)).decode(), seconds)
