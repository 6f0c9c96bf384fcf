"""Codes of an authenticator app (RFC 6238)."""

import base64
import hashlib
import hmac
import struct
import time


def code_now(key: str, ahead: int = 0) -> str:
    """Return the code of the present half minute, or of one `ahead` of it."""
    counter = struct.pack(">Q", int(time.time()) // 30 + ahead)
    digest = hmac.new(base64.b32decode(key), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
