"""Write the audit trail.

Record an action before, or in one transaction with, what it describes: if its entry cannot be
written, the action must not happen.
"""

import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.http import HttpRequest

from apps.audit.models import Action, End, Entry, Words
from apps.crypto import Unreadable, keyed_hash, seal, unseal
from apps.redis_outage import PerMinute, is_due

Fact = str | int | bool | None | Sequence[str]


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or program that acts. `origin` is web, api, mcp, cli, or system.

    On the command line, `name` is the system user. `client` is the name that an assistant's program
    gives itself, so it isn't trusted.
    """

    origin: str
    user_id: int | None = None
    name: str = ""
    address: str = ""
    client: str = ""


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
    """Append an entry, chained to the previous one and numbered without gaps.

    `target` is the object of the action, such as `lookup <uuid>`. `detail` must not identify a
    customer. `words` is redacted text that the person typed; it is encrypted in a separate table,
    so that it can be erased.
    """
    [entry] = record_each(action, actor, [customer_hash], target=target, detail=detail, words=words)
    return entry


def record_each(
    action: Action,
    actor: Actor,
    customer_hashes: Sequence[str],
    *,
    target: str,
    detail: Mapping[str, Fact] | None = None,
    words: str = "",
) -> list[Entry]:
    """Append an entry for each customer, as `record` does. The words belong to the first."""
    words = words.replace("\0", "")
    facts = {**(detail or {}), **({"client": actor.client} if actor.client else {})}
    with transaction.atomic():
        end = lock_end()
        entries = []
        for number, customer_hash in enumerate(customer_hashes):
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
                detail=facts,
                words_hash=hash_words(words) if words and number == 0 else "",
                previous=end.digest,
            )
            entry.digest = digest_of(entry)
            end.sequence, end.digest = entry.sequence, entry.digest
            entries.append(entry)
        Entry.objects.bulk_create(entries, batch_size=200)
        if words and entries:
            only = customer_hashes[0] if len(entries) == 1 else ""
            Words.objects.create(entry=entries[0], customer_hash=only, sealed=seal(words.encode()))
        end.save(update_fields=["sequence", "digest"])
    return entries


@contextmanager
def audited_transaction() -> Iterator[None]:
    """Commit changes with their audit entries. All writers lock the end first: no deadlocks."""
    with transaction.atomic():
        lock_end()
        yield


def digest_of(entry: Entry) -> str:
    """Return the keyed hash of all fields of an entry, including the previous entry's digest."""
    fields = [
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
    return keyed_hash("triage.audit", json.dumps(fields, sort_keys=True, separators=(",", ":")))


def hash_words(words: str) -> str:
    """Return the keyed hash by which an entry proves its words unchanged."""
    return keyed_hash("triage.audit.words", words)


def words_for(target: str, action: Action) -> str:
    """Return the words of the first such entry; empty if there were none, or they were erased."""
    words = Words.objects.filter(entry__target=target, entry__action=action)
    first = words.order_by("entry_id").first()
    return decrypt_words(first) if first else ""


def decrypt_words(words: Words) -> str:
    """Return the plain text; empty if its encryption key is no longer known."""
    try:
        return unseal(bytes(words.sealed)).decode()
    except Unreadable:
        return ""


def lock_end() -> End:
    """Lock and return the end of the trail, which serializes all writers."""
    ends = End.objects.select_for_update()
    try:
        return ends.get(pk=1)
    except End.DoesNotExist:
        End.objects.get_or_create(pk=1)
        return ends.get(pk=1)


def actor_of(request: HttpRequest) -> Actor:
    """Return the actor of a page request: the signed-in person, or an anonymous address."""
    user = getattr(request, "user", AnonymousUser())
    address = client_address(request)
    if isinstance(user, User):
        return Actor("web", user.pk, user.get_username(), address)
    return Actor("web", address=address)


# Entries per minute that one caller can cause at will, of each kind, and that all strangers can
# cause together, because one can have many addresses. Beyond that, only the 10th, 100th, 1000th,
# ... get an entry, so that no one can flood the trail.
PERSON_LIMIT = 30
UNKNOWN_ACCOUNT_LIMIT = 5
ANONYMOUS_LIMIT = 1
STRANGERS_LIMIT = 20

_counts = PerMinute()


def record_refusal(actor: Actor, *, target: str = "", why: str) -> None:
    """Record a refusal, within the limits. `why` is a fixed phrase, such as `no permission`."""
    limit = ANONYMOUS_LIMIT if actor.user_id is None else PERSON_LIMIT
    record_limited(Action.REFUSED, actor, limit=limit, target=target, detail={"why": why})


def record_limited(
    action: Action,
    actor: Actor,
    *,
    limit: int,
    target: str = "",
    detail: Mapping[str, Fact],
    account: int | None = None,
) -> None:
    """Record an action, with at most `limit` entries per caller, minute, and process.

    Attempts on an existing `account` count together wherever they come from, and apart from those
    of strangers, who then can't hide them.
    """
    person = actor.user_id if account is None else account
    caller = client_network(actor.address) if person is None else f"person {person}"
    count, facts = _counts.count(f"{action} by {caller}"), dict(detail)
    if not is_due(count, limit):
        return
    if count > limit:
        facts["times_this_minute"] = count
    if person is None:
        strangers = _counts.count("strangers")
        if not is_due(strangers, STRANGERS_LIMIT):
            return
        if strangers > STRANGERS_LIMIT:
            facts["by_strangers_this_minute"] = strangers
    record(action, actor, target=target, detail=facts)


_FOR = re.compile(r"(?:^|;)\s*for\s*=\s*\"?([^;\"]*)", re.IGNORECASE)
_PRIVATE = [
    *map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")),
    *map(ip_network, ("169.254.0.0/16", "127.0.0.0/8", "::1/128", "fc00::/7", "fe80::/10")),
]
_log = logging.getLogger(__name__)


def client_address(request: HttpRequest) -> str:
    """Return the client's IP address; empty if unknown.

    Each trusted proxy adds the address that it sees, so with two of them the second from the end
    is the client's. Clients can forge anything before it.
    """
    hops = settings.TRIAGE_BEHIND_PROXY
    seen = forwarded_addresses(request) if hops else []
    text = seen[-min(hops, len(seen))] if seen else request.META.get("REMOTE_ADDR", "")
    address = parse_address(text)
    if address is not None and looks_like_proxy(address) and _variable() in request.META:
        _warn_once(hops)
    return str(address or "")


def forwarded_addresses(request: HttpRequest) -> list[str]:
    """Return the addresses in the one header that our proxies set, the nearest one last."""
    values = [value for value in request.META.get(_variable(), "").split(",") if value.strip()]
    if settings.TRIAGE_PROXY_HEADER == "forwarded":  # RFC 7239; a proxy need not say for whom
        found = (_FOR.search(value) for value in values)
        values = [match[1] if match else "unknown" for match in found]
    return [value.strip() for value in values]


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the IP address without port, brackets, and zone; None if it is not one."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def client_network(address: str, prefix: int = 64) -> str:
    """Return the network in which a client can choose addresses: for IPv6, at least the /64."""
    parsed = parse_address(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, prefix), strict=False))
    return str(parsed or "")


def looks_like_proxy(address: IPv4Address | IPv6Address) -> bool:
    """Return whether the address belongs to a private network, as proxies' addresses do."""
    return any(address in network for network in _PRIVATE)


def _variable() -> str:
    return "HTTP_" + settings.TRIAGE_PROXY_HEADER.upper().replace("-", "_")


@cache
def _warn_once(hops: int) -> None:
    _log.warning(
        "A forwarded request seems to come from a private address. If that is a proxy, set "
        "TRIAGE_BEHIND_PROXY (now %d) to the number of proxies in front of Triage.",
        hops,
    )
