"""The samples have the API's shape, and Triage reads their facts correctly."""

import ipaddress
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import unquote

from apps.events.event import Event, EventBody
from apps.sentry.parsing import parse_full_event
from tests import samples

NAMES = samples.known() + samples.held_out()

ALWAYS_SENT = frozenset(
    (
        "id", "groupID", "eventID", "projectID", "size", "entries", "dist", "message", "title",
        "location", "user", "contexts", "sdk", "context", "packages", "type", "metadata", "tags",
        "platform", "dateReceived", "dateCreated", "errors", "occurrence", "_meta", "culprit",
        "fingerprints", "release", "userReport", "sdkUpdates", "resolvedWith", "nextEventID",
        "previousEventID",
    )
)  # fmt: skip

# Facts that the parser reads differently, with the reason: {sample: {fact: reason}}.
KNOWN_DIFFERENCES: dict[str, dict[str, str]] = {}

_FIRST_DAY = datetime(2026, 11, 1, tzinfo=UTC)
_DAY_AFTER = datetime(2026, 11, 23, tzinfo=UTC)
_HEX_ID = re.compile(r"[0-9a-f]{32}")
_EMAIL = re.compile(r"[\w.+-]+@((?:[a-z0-9-]+\.)+[a-z]{2,})\b", re.IGNORECASE)
_HOST = re.compile(r"\b(?:https?|wss?)://(?:[^\s/@\"']*@)?([a-z0-9.-]+)", re.IGNORECASE)
_IPV4 = re.compile(r"(?<![\w./])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")
_IPV6 = re.compile(r"(?<![\w:])2001:[0-9a-f:]+", re.IGNORECASE)
_RESERVED_HOSTS = re.compile(r"(?:.+\.)?(?:example\.(?:com|net|org)|example)\Z")
_RESERVED_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
# React and SQLAlchemy use these in their messages.
_QUOTED_HOSTS = frozenset(("react.dev", "sqlalche.me"))


def test_there_are_enough_of_enough_kinds() -> None:
    platforms = {facts["platform"] for facts in samples.index().values()}
    assert len(NAMES) >= 72
    assert len(platforms) >= 13
    assert len(samples.held_out()) == len(NAMES) // 3
    assert len({samples.index()[name]["platform"] for name in samples.held_out()}) >= 10


def test_the_index_lists_exactly_the_samples() -> None:
    assert sorted(samples.index()) == sorted(NAMES)
    assert all(
        facts["held_out"] == name.startswith("held_out/") for name, facts in samples.index().items()
    )


def test_ids_and_sentences_are_unique() -> None:
    bodies = [samples.load(name) for name in NAMES]
    assert len({body["id"] for body in bodies}) == len(NAMES)
    sentences = [facts["happened"] for facts in samples.index().values()]
    assert len(set(sentences)) == len(sentences)


def test_the_body_has_the_shape_of_the_api() -> None:
    for name in NAMES:
        body = samples.load(name)
        assert set(body) >= ALWAYS_SENT, name
        assert body["id"] == body["eventID"], name
        assert _HEX_ID.fullmatch(body["id"]), name
        assert body["platform"] == samples.index()[name]["platform"], name
        happened = datetime.fromisoformat(body["dateCreated"])
        assert _FIRST_DAY <= happened < _DAY_AFTER, name
        assert happened < datetime.fromisoformat(body["dateReceived"]), name
        assert all(set(entry) == {"type", "data"} for entry in body["entries"]), name
        assert all(tag["key"] and isinstance(tag["value"], str) for tag in body["tags"]), name


def test_addresses_are_reserved_for_examples() -> None:
    for name in NAMES:
        texts = [unquote(text) for text in _texts(samples.load(name))]
        hosts = {host for text in texts for host in (*_EMAIL.findall(text), *_HOST.findall(text))}
        hosts = {host for host in hosts - _QUOTED_HOSTS if not _RESERVED_HOSTS.match(host)}
        assert not hosts, name
        # A browser version looks like an IP address.
        addresses = {
            found
            for text in texts
            if "Mozilla/" not in text and "Version=" not in text
            for found in (*_IPV4.findall(text), *_IPV6.findall(text))
        }
        assert [address for address in addresses if not _is_reserved(address)] == [], name


def test_what_was_planted_is_there() -> None:
    for name, plants in samples.planted().items():
        texts = list(_texts(samples.load(name)))
        for plant in plants:
            assert plant["kind"]
            assert plant["where"]
            assert any(plant["value"] in text for text in texts), (name, plant)


def test_triage_reads_the_facts() -> None:
    for name in NAMES:
        facts = {key: value for key, value in samples.index()[name].items() if key in _FACTS}
        read = _facts_read(name)
        wrong = {key for key, value in facts.items() if read[key] != value}
        assert wrong == set(KNOWN_DIFFERENCES.get(name, {})), {
            key: (name, read[key], facts[key]) for key in wrong
        }


_FACTS = frozenset(
    (
        "platform", "type", "value", "crash_frame", "handled", "request", "release",
        "environment", "trace_id", "last_breadcrumb",
    )
)  # fmt: skip


def _facts_read(name: str) -> dict[str, object]:
    event = parse_full_event(samples.load(name), ("user.id", "user.email"))
    assert event is not None
    assert event.body is not None
    return {
        "platform": event.platform,
        "handled": event.handled,
        "release": event.release,
        "environment": event.environment,
        "trace_id": event.trace_id,
        **_from_the_body(event.body),
        **_of_the_exception(event),
    }


def _from_the_body(body: EventBody) -> dict[str, object]:
    request = body.request
    return {
        "request": {"method": request.method, "url": request.url} if request else None,
        "last_breadcrumb": body.breadcrumbs[-1].message if body.breadcrumbs else None,
    }


def _of_the_exception(event: Event) -> dict[str, object]:
    raised = event.body.exceptions[0] if event.body and event.body.exceptions else None
    frame = raised.crash_frame if raised else None
    return {
        "type": raised.type if raised else None,
        "value": raised.value if raised else None,
        "crash_frame": {
            "file": frame.file,
            "line": frame.line,
            "function": frame.function,
            "code": frame.crash_code,
        }
        if frame
        else None,
    }


def _is_reserved(address: str) -> bool:
    known = ipaddress.ip_address(address)
    return any(known in network for network in _RESERVED_NETWORKS)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif value is not None:
        yield value if isinstance(value, str) else json.dumps(value)
