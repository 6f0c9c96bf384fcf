"""Writing the trail. If an entry cannot be written, what it stands for must not happen."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.http import HttpRequest

from apps.audit.models import Action, End, Entry, Words
from apps.crypto import Unreadable, keyed_hash, seal, unseal

Fact = str | int | bool | None | Sequence[str]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the account's number and name, through which door, and from which IP address.

    `origin` is web, api, cli or system. A command line has a name without a number.
    """

    origin: str
    user_id: int | None = None
    name: str = ""
    address: str = ""


SYSTEM = Actor("system")


def record(
    action: Action,
    actor: Actor,
    *,
    target: str = "",
    customer_hash: str = "",
    detail: Mapping[str, Fact] | None = None,
    words: str = "",
) -> Entry:
    """Write down one act, chained to the one before; entries are numbered without a gap.

    `target` is what was acted on, such as `lookup <uuid>`. `detail` holds small facts that name no
    customer. `words` is what the person typed, redacted; it is kept apart, and can be erased.
    """
    words = words.replace("\0", "")
    with transaction.atomic():
        end = held_end()
        entry = Entry(
            sequence=end.sequence + 1,
            at=datetime.now(UTC),
            action=action,
            actor_id=actor.user_id,
            actor=actor.name[:150],
            origin=actor.origin,
            address=actor.address[:45],
            target=target[:100],
            customer_hash=customer_hash,
            detail=dict(detail or {}),
            words_hash=hash_of_words(words) if words else "",
            previous=end.digest,
        )
        entry.digest = digest_of(entry)
        entry.save(force_insert=True)
        if words:
            sealed = seal(words.encode())
            Words.objects.create(entry=entry, customer_hash=customer_hash, sealed=sealed)
        end.sequence, end.digest = entry.sequence, entry.digest
        end.save(update_fields=["sequence", "digest"])
    return entry


@contextmanager
def one_act() -> Iterator[None]:
    """What is changed within and the entries that tell of it: both or neither.

    Acts on the same rows wait for each other at the end of the trail, before they hold any of
    them, so that no two wait for what the other holds.
    """
    with transaction.atomic():
        held_end()
        yield


def digest_of(entry: Entry) -> str:
    """The keyed hash of all of an entry, the digest of the one before included."""
    told = [
        entry.sequence,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        str(entry.action),
        entry.actor_id,
        entry.actor,
        entry.origin,
        entry.address,
        entry.target,
        entry.customer_hash,
        entry.detail,
        entry.words_hash,
        entry.previous,
    ]
    return keyed_hash("triage.audit", json.dumps(told, sort_keys=True, separators=(",", ":")))


def hash_of_words(words: str) -> str:
    """What an entry keeps of the words, so that they cannot be changed unnoticed."""
    return keyed_hash("triage.audit.words", words)


def words_of(target: str, action: Action) -> str:
    """What was typed for the first such act on the target; empty where nothing was, or no more."""
    kept = Words.objects.filter(entry__target=target, entry__action=action).order_by("entry_id")
    first = kept.first()
    return opened(first) if first else ""


def opened(words: Words) -> str:
    """The words themselves; empty where the key that sealed them is no longer known."""
    try:
        return unseal(bytes(words.sealed)).decode()
    except Unreadable:
        return ""


def held_end() -> End:
    """The end of the trail, held until the transaction ends: writers wait for each other here."""
    ends = End.objects.select_for_update()
    held = ends.filter(pk=1).first()
    if held is None:
        End.objects.get_or_create(pk=1)
        held = ends.get(pk=1)
    return held


# Who calls, and from which IP address.


def client_address(request: HttpRequest) -> str:
    """The caller's address; empty when it cannot be told.

    Behind a proxy it is the last that `X-Forwarded-For` names: that one our own proxy wrote, the
    ones before it anybody can write.
    """
    told = request.META.get("REMOTE_ADDR", "")
    if settings.TRIAGE_BEHIND_PROXY:
        told = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() or told
    try:
        return str(ip_address(told))
    except ValueError:
        return ""


def actor_of(request: HttpRequest) -> Actor:
    """Whoever sends the request from a page: the person who is signed in, else an address."""
    user = getattr(request, "user", AnonymousUser())
    address = client_address(request)
    if isinstance(user, User):
        return Actor("web", user.pk, user.get_username(), address)
    return Actor("web", address=address)


# Writing down who was refused what, without letting anybody fill the trail with it.

# So many refusals a minute are written one by one; of further ones the tenth, the hundredth, ...
FREE_OF_PERSON = 30
FREE_OF_ANONYMOUS = 1
_MOST_CALLERS = 1000

_lock = Lock()
_counts: Counter[str] = Counter()
_minute = 0


def record_refusal(actor: Actor, *, target: str = "", why: str) -> None:
    """One was refused. `why` is a few words of our own, such as `no permission`.

    Who is not signed in is counted by address and minute in each process: a scanner leaves a
    handful of entries that say how often, not one for each try.
    """
    times = _times(_key(actor))
    free = FREE_OF_PERSON if _is_known(actor) else FREE_OF_ANONYMOUS
    if times <= free or _is_power_of_ten(times):
        detail: dict[str, Fact] = {"why": why}
        if times > free:
            detail["times_this_minute"] = times
        record(Action.REFUSED, actor, target=target, detail=detail)


def _is_known(actor: Actor) -> bool:
    return actor.user_id is not None


def _key(actor: Actor) -> str:
    if _is_known(actor):
        return f"person {actor.user_id}"
    if not actor.address:
        return ""
    address = ip_address(actor.address)
    if isinstance(address, IPv6Address):  # one caller has as many addresses as they like
        return str(ip_network((address, 64), strict=False))
    return str(address)


def _times(key: str) -> int:
    global _minute  # noqa: PLW0603 - one count for the process
    now = int(time.time() // 60)
    with _lock:
        if now != _minute:
            _counts.clear()
            _minute = now
        if key not in _counts and len(_counts) >= _MOST_CALLERS:
            key = "all the others"
        _counts[key] += 1
        return _counts[key]


def _is_power_of_ten(number: int) -> bool:
    return number >= 10 and set(str(number)[1:]) == {"0"} and str(number)[0] == "1"
