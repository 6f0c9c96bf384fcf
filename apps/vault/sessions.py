"""What a session holds, sealed: a form that waits for sign-in and a filter may name a customer."""

import json
from typing import Any

from apps.vault.sealing import seal_as, unseal_as

_PLACE = "session"


class SealedSerializer:
    """A session's content between its row and the program. What no key opens is an empty one."""

    def dumps(self, content: Any) -> bytes:
        """Sealed."""
        return seal_as(_PLACE, json.dumps(content, separators=(",", ":")).encode())

    def loads(self, sealed: bytes) -> Any:
        """Raises `Unreadable`, upon which Django begins a new session."""
        return json.loads(unseal_as(_PLACE, sealed))
