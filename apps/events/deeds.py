"""What the customer was trying, told by the words of an address, a page's name or a click."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from apps.events.clues import CLIENT, side_of
from apps.events.event import Breadcrumb, Event


class Deed(Enum):
    """Something customers do."""

    PAYING = "paying"
    CHECKING_OUT = "checking out"
    CART = "using the cart"
    SIGNING_IN = "signing in"
    SIGNING_UP = "signing up"
    UPLOADING = "sending a file"
    INVOICE = "opening an invoice"
    BOOKING = "booking"
    ORDERING = "placing an order"
    ORDERS = "looking at orders"
    REPORT = "opening a report"
    MESSAGES = "using messages"
    NOTICES = "using alerts"
    ACCOUNT = "using the account pages"
    SEARCHING = "searching"


@dataclass(frozen=True, slots=True)
class _Words:
    """Words that tell of a deed, and of another one when something was sent; None is no deed."""

    words: str
    deed: Deed | None
    sent: Deed | None = None


# The first row that fits tells; payment comes before the order that is paid.
_TABLE = (
    _Words(r"refunds?", None),
    _Words(r"pay|payments?|purchase", Deed.PAYING),
    _Words(r"checkout", Deed.CHECKING_OUT),
    _Words(r"billing", Deed.ACCOUNT, sent=Deed.PAYING),
    _Words(r"place (?:the |an |your )?order|order now|submit order", Deed.ORDERING),
    _Words(r"cart|basket", Deed.CART),
    _Words(r"(?<!wp )log ?in|log ?on|sign ?in|oauth|sso", Deed.SIGNING_IN),
    _Words(r"sessions?", None, sent=Deed.SIGNING_IN),
    _Words(r"register|registration|sign ?up", Deed.SIGNING_UP),
    _Words(r"uploads?|attachments?", Deed.UPLOADING),
    _Words(r"invoices?", Deed.INVOICE),
    _Words(r"bookings?|reservations?|reserve|appointments?", Deed.BOOKING),
    _Words(r"orders?", Deed.ORDERS, sent=Deed.ORDERING),
    _Words(r"exports?|reports?", Deed.REPORT),
    _Words(r"messages?|chats?|inbox", Deed.MESSAGES),
    _Words(r"notifications?", Deed.NOTICES),
    _Words(r"profile|account|settings|preferences", Deed.ACCOUNT),
    _Words(r"search", Deed.SEARCHING),
)
_PATTERNS = tuple((re.compile(rf"\b(?:{row.words})\b"), row) for row in _TABLE)
_NOT_THE_CUSTOMER = re.compile(
    r"\b(?:web ?)?hooks?\b|\bcallbacks?\b|\bcron\b|\bjobs?\b|\btasks?\b"
    r"|\bworkers?\b|\bsidekiq\b"
)
_WORD = re.compile(r"[A-Z]?[a-z]{1,40}|[A-Z]{1,40}")
_WAYS = frozenset(("navigation", "ui.click", "ui.tap", "touch", "ui.multiClick"))


def deed_of(event: Event) -> Deed | None:
    """What the customer tried; None for work that no customer waits for, or without a clue."""
    request = event.body.request if event.body else None
    method = (request.method if request else None) or (event.transaction or "").split(" ")[0]
    if not request and side_of(event) not in CLIENT and "/" not in (event.transaction or ""):
        return None
    if is_behind_the_scenes(event):
        return None
    for words in _words_told(event):
        row = next((row for pattern, row in _PATTERNS if pattern.search(words)), None)
        if row:
            return row.sent if row.sent and method.upper() in ("POST", "PUT") else row.deed
    return None


def is_behind_the_scenes(event: Event) -> bool:
    """Whether it is work that no customer waits for: a job, a call from another service."""
    return any(_NOT_THE_CUSTOMER.search(words) for words in _words_told(event))


def _words_told(event: Event) -> list[str]:
    return [" ".join(_WORD.findall(text[:300])).lower() for text in _told(event)]


def _told(event: Event) -> Iterator[str]:
    if event.transaction:
        yield event.transaction
    if event.body is None:
        return
    if event.body.request and event.body.request.url:
        yield _path(event.body.request.url)
    last = next((one for one in reversed(event.body.breadcrumbs) if one.category in _WAYS), None)
    if last:
        yield _way(last)


def _path(url: str) -> str:
    """The address without its server and what stands behind `?` and `#`."""
    return re.split(r"[?#]", re.sub(r"^[a-z]{2,10}://[^/?#]{0,253}", "", url[:600]))[0]


def _way(crumb: Breadcrumb) -> str:
    return _path(str(crumb.data.get("to") or crumb.data.get("view.id") or crumb.message or ""))
