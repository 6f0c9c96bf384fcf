"""GlitchTip's pages: base64 cursors, strict comparison at the edges, and its odd Link header."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from apps.demo.exchange import Answer, ApiError, Ask

DEFAULT_LIMIT = 50
MAX_LIMIT = 100
MAX_HITS = 1000


@dataclass(frozen=True)
class Order:
    """What a list is sorted by, and how a cursor's text is read back into it."""

    key: Callable[[Any], Any]
    read: Callable[[str], Any]
    descending: bool = True


def unprocessable(place: str, message: str) -> ApiError:
    """A 422, GlitchTip's word for what Sentry answers 400 to."""
    return ApiError(422, [{"type": "value_error", "loc": ["query", place], "msg": message}])


def read_moment(text: str) -> datetime:
    """A cursor's time; a ValueError when it is none."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def paged(ask: Ask, items: Sequence[Any], order: Order, body: Callable[[Any], Any]) -> Answer:
    """A page of the items. Those that stand at the very place of the cursor are skipped."""
    ordered = sorted(items, key=order.key, reverse=order.descending)
    size, place = _limit(ask), _place(ask, order)
    after = [item for item in ordered if _follows(order, order.key(item), place)]
    page = after[:size] if size > 0 else []
    more = len(after) > len(page) > 0
    cursor = _cursor(order.key(page[-1])) if more else None
    headers = {
        "X-Hits": str(min(len(ordered), MAX_HITS)),
        "X-Max-Hits": str(MAX_HITS),
        "Link": _link(ask, cursor),
    }
    return Answer([body(item) for item in page], headers=headers)


def _limit(ask: Ask) -> int:
    told = ask.one("limit")
    try:
        number = DEFAULT_LIMIT if told is None else int(told)
    except ValueError as error:
        raise unprocessable("limit", "Input should be a valid integer") from error
    return min(number, MAX_LIMIT) if number else DEFAULT_LIMIT


def _place(ask: Ask, order: Order) -> Any:
    told = ask.one("cursor")
    if told is None:
        return None
    try:
        position = parse_qs(base64.b64decode(told, validate=True).decode())["p"][0]
        return order.read(position)
    except (binascii.Error, UnicodeDecodeError, KeyError, ValueError) as error:
        raise unprocessable("cursor", "Invalid cursor") from error


def _follows(order: Order, key: Any, place: Any) -> bool:
    if place is None:
        return True
    return bool(key < place if order.descending else key > place)


def _cursor(key: Any) -> str:
    text = key.isoformat() if isinstance(key, datetime) else str(key)
    return base64.b64encode(f"p={quote(text)}".encode()).decode()


def _link(ask: Ask, cursor: str | None) -> str:
    """The header as GlitchTip sends it: the text of a Python set."""
    kept = {name: values for name, values in ask.params.items() if name != "cursor"}
    address = f"{ask.base_url}{ask.path}?{urlencode(kept, doseq=True)}"
    back = f'<{address}>; rel="previous"; results="false"'
    onward = f'<{address}>; rel="next"; results="false"'
    if cursor:
        target = f"{address}&{urlencode({'cursor': cursor})}"
        onward = f'<{target}>; rel="next"; results="true"; cursor="{cursor}"'
    return f"{{'{back}, {onward}'}}"
