"""What the customer's device was, in a few words, from what the SDK noted of it."""

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from apps.events.clues import CLIENT, side_of
from apps.events.event import Event, EventBody
from apps.events.query import known_zones


def device_of(body: EventBody) -> str | None:
    """`Chrome 118.0, Windows 10` or `iPhone 14, iOS 17.1`; None when nothing is known.

    For a server's event it is the server's runtime and system: `CPython 3.11.7, Linux 5.15`.
    """
    contexts = body.contexts
    device = contexts.get("device", {})
    first = _named(contexts.get("browser", {})) or _model(device) or _named(contexts.get("runtime"))
    parts = [first, _named(contexts.get("client_os")) or _named(contexts.get("os"))]
    return ", ".join(part for part in parts if part) or None


def _named(context: Mapping[str, object] | None) -> str:
    """Name and version of a browser, a system or a runtime."""
    known = context or {}
    words = [_word(known.get("name")), _word(known.get("version"))]
    return " ".join(filter(None, words)) if words[0] else ""


def _model(device: Mapping[str, object]) -> str:
    """What a phone calls itself; a family such as "iPhone" is what is left of it on the web."""
    return _word(device.get("model")) or _word(device.get("family")) or _word(device.get("name"))


def _word(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int | float) else ""


def zone_of_customer(events: Iterable[Event]) -> ZoneInfo | None:
    """The zone that the customer's own browser or device names, if all that name one agree.

    A server's zone says nothing about a customer.
    """
    named = {name for event in events if side_of(event) in CLIENT for name in _zones_named(event)}
    known = named & known_zones()
    return ZoneInfo(known.pop()) if len(known) == 1 else None


def _zones_named(event: Event) -> Iterable[str]:
    contexts = event.body.contexts if event.body else {}
    for context in ("culture", "device"):
        yield _word(contexts.get(context, {}).get("timezone"))
