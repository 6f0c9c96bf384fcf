"""An asking as others see it: how far it is, for every process, and whether it shall end.

Both go through the shared cache.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from apps.events.answer import Progress
from apps.lookups import sealed, shared, store
from apps.lookups.models import Lookup
from apps.lookups.problems import LookupCancelled
from apps.sentry import SentryClient, SentryError

# Few calls to the cache: each can meet a busy moment and be taken for its loss.
_TELL_S = 0.1
_LOOK_EVERY = 3
_KEPT_FOR_S = 10.0
_CANCELLED_FOR_S = 120.0
_PROGRESS = TypeAdapter(Progress)


class Watch:
    """One asking under way."""

    def __init__(self, lookup: Lookup) -> None:
        self._uuid: UUID = lookup.uuid
        self._key = store.progress_key(lookup.cache_key)
        self._client: SentryClient | None = None
        self._is_cancelled = False
        self._beats = 0

    def goes_on(self) -> bool:
        """Whether it shall go on; once it was cancelled, hang up and say no."""
        self._beats += 1
        if self._beats % _LOOK_EVERY or shared.get(_cancel_key(self._uuid)) is None:
            return True
        self._is_cancelled = True
        if self._client is not None:
            self._client.hang_up()
        return False

    @contextmanager
    def following(self, client: SentryClient) -> Iterator[None]:
        """Tell of this client's answer. Raises `LookupCancelled` when it was cancelled meanwhile.

        A client that was hung up on may still have made an answer of what it had read by then.
        """
        self._client, over = client, Event()
        shared.delete(self._key)
        Thread(target=self._tell, args=(client, over), name="progress", daemon=True).start()
        try:
            yield
        except SentryError as error:
            if self._is_cancelled:
                raise LookupCancelled from error
            raise
        finally:
            self._client = None
            over.set()
        if self._is_cancelled:
            raise LookupCancelled

    def _tell(self, client: SentryClient, over: Event) -> None:
        """Tell how far it is, from a thread of its own: neither answer nor lease wait for words.

        The last word stands for a while after, in which the answer is redacted and kept.
        """
        is_over, last, told_at = False, b"", 0.0
        while not is_over:
            is_over = over.wait(_TELL_S)
            value = _PROGRESS.dump_json(client.course.progress())
            if value != last or time.monotonic() - told_at > _KEPT_FOR_S / 3:
                sealed.put_bytes(self._key, value, _KEPT_FOR_S)
                last, told_at = value, time.monotonic()


def progress_of(lookup: Lookup) -> Progress | None:
    """How far the asking of this question is, whoever asks it; None when nobody tells."""
    content = sealed.get_bytes(store.progress_key(lookup.cache_key))
    try:
        return None if content is None else _PROGRESS.validate_json(content)
    except ValidationError:
        return None


def tell_to_stop(lookup: Lookup) -> None:
    """Let whoever asks for this lookup stop, in whichever process."""
    shared.put(_cancel_key(lookup.uuid), 1, _CANCELLED_FOR_S)


def _cancel_key(uuid: UUID) -> str:
    return f"cancelled/{uuid}"
