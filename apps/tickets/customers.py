"""Find who a ticket may be about: email addresses, labeled IDs, usernames, Sentry links."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from apps.events.identifier import parse_customer, stored_text
from apps.events.query import (
    Customer,
    CustomerKind,
    CustomerRefused,
    LinkRefused,
    any_case,
    as_hex_id,
    counted,
)
from apps.tickets.text import (
    WORDS,
    CustomerFound,
    Read,
    TextSpan,
    by_phrase,
    excerpt,
    normalize,
    read_all,
    read_patterns,
    readers,
    word_set,
)

CustomerReader = Callable[[str], Customer]

_MAX_SHOWN = 8
_MAX_READ = 200


@dataclass(frozen=True, slots=True)
class _Token(TextSpan):
    identifier: str
    kind: str
    rank: int


_FILE = read_patterns("customers.toml")
_OWN_ADDRESS = _FILE.compile("own_address", re.IGNORECASE)
_RECIPIENT = _FILE.compile("recipient", re.IGNORECASE | re.MULTILINE)
_SENDER = _FILE.compile("sender", re.IGNORECASE | re.MULTILINE)
_ENGLISH = by_phrase(WORDS["english_owners"], str)
# "100 200 300" is one number in groups; its first group alone would be another customer.
_MORE_GROUPS = re.compile(r"[ \u00a0][0-9]{3}(?![\w:./-])")
_NOT_USERNAMES = word_set("not_usernames")
_HEX_LABEL = any_case(r"(?P<noun>event|trace|replay)(?:[\s_-]?id)?\W{0,6}\Z")
_LINK = any_case(r"https?://[^\s<>\"'“”\]]{1,1900}")
_LOOKS_LIKE_DATE = _FILE.compile("looks_like_date")
_NOT_AN_ID = _FILE.compile("not_an_id", re.IGNORECASE)
_IP_KIND = "IP address"
_EMAIL_KIND = "email address"
_MESSAGE_ID = _FILE.compile("message_id", re.IGNORECASE)


def find_customers(
    text: str, read: CustomerReader = parse_customer
) -> tuple[tuple[CustomerFound, ...], tuple[str, ...]]:
    """Return the possible customers, likeliest first, and notes on those not listed."""
    text = _MESSAGE_ID.sub(lambda found: " " * len(found[0]), text)
    links, notes, rest = _find_links(text, read)
    tokens = read_all(rest, _READERS, links)
    is_cut = len(tokens) > _MAX_READ
    tokens = [*links, *tokens[:_MAX_READ]]
    # The help desk's addresses, and all others of its domain.
    ours = {_domain(one) for one in tokens if _OWN_ADDRESS.match(one.identifier)}
    found: dict[str, CustomerFound] = {}
    for one in sorted(tokens, key=lambda one: (_domain(one) in ours, one.rank, one.start)):
        key = one.identifier.casefold()
        if key in found:
            found[key] = replace(found[key], times=found[key].times + 1)
            continue
        try:
            read(one.identifier)
        except CustomerRefused as refused:
            notes += [f"We didn't list an IP address. {refused}"] if one.kind == _IP_KIND else []
        else:
            where = excerpt(text, one.start, one.end)
            found[key] = CustomerFound(one.identifier, one.kind, where, 1, _domain(one) in ours)
    if len(found) > _MAX_SHOWN:
        least = "At least " if is_cut else ""
        left = len(found) - _MAX_SHOWN
        notes.append(f"{least}{counted(left, 'more possible customer')} found but not listed.")
    return tuple(found.values())[:_MAX_SHOWN], tuple(notes)


def _find_links(text: str, read: CustomerReader) -> tuple[list[_Token], list[str], str]:
    """Return what links stand for, notes on the others, and the text with those blanked out."""
    tokens, notes, rest = [], [], text
    for found in _LINK.finditer(text):
        link = found[0].rstrip(".,;:!?)")
        try:
            customer = read(link)
        except LinkRefused as refused:
            notes.append(f"We didn't list a link. {refused}")
            rest = rest[: found.start()] + " " * len(found[0]) + rest[found.end() :]
            continue
        except CustomerRefused:
            continue
        if customer.identifier != link:
            what = "one customer" if customer.is_named else f"one {customer.kind}"
            end = found.start() + len(link)
            identifier = stored_text(link, customer)
            tokens.append(_Token(found.start(), end, identifier, f"Sentry link to {what}", rank=1))
    return tokens, list(dict.fromkeys(notes)), rest


def _domain(token: _Token) -> str:
    return token.identifier.rpartition("@")[2].casefold()


def _token(found: re.Match[str], kind: str, rank: int = 1, group: str | int = "value") -> _Token:
    return _Token(found.start(group), found.end(group), found[group], kind, rank)


def _labeled_id(found: re.Match[str]) -> _Token | None:
    value = found["value"]
    has_label = bool(found["id"] or found["sign"].strip())
    is_cut = _MORE_GROUPS.match(found.string, found.end()) and value.isdecimal() and len(value) < 4
    is_date = not found["id"] and _LOOKS_LIKE_DATE.fullmatch(value)
    is_short = not has_label and len(value) < 3
    if is_cut or is_date or is_short or _NOT_AN_ID.fullmatch(value):
        return None
    noun = normalize(found["noun"])
    kind = f"{_ENGLISH.get(noun, noun)} ID"
    return _token(found, kind if as_hex_id(value) is None else f"32-character {kind}")


def _hex_id(found: re.Match[str]) -> _Token | None:
    label = _HEX_LABEL.search(found.string, max(0, found.start() - 30), found.start())
    noun = label["noun"].casefold() if label else ""
    if noun in (CustomerKind.EVENT, CustomerKind.TRACE):
        identifier = f"{noun}:{as_hex_id(found[0])}"
        return replace(_token(found, f"{noun} ID", group=0), identifier=identifier)
    kind = "32-character ID: a user, an event, or a trace"
    return None if noun else _token(found, kind, rank=2, group=0)


def _email(found: re.Match[str]) -> _Token:
    line = found.string[max(0, found.start() - 200) : found.start()]
    rank = 0 if _SENDER.search(line) else 3 if _RECIPIENT.search(line) else 1
    return _token(found, _EMAIL_KIND, rank, group=0)


def _username(found: re.Match[str]) -> _Token | None:
    groups = found.groupdict()
    name = "quoted" if groups.get("quoted") else "value"
    value = groups[name].rstrip(". ")
    is_explicit = groups.get("sign", ":").strip() or re.search(r"[\d_\\]", value)
    is_word = value.casefold() in _NOT_USERNAMES or _LOOKS_LIKE_DATE.fullmatch(value)
    if is_word or not is_explicit:
        return None
    end = found.start(name) + len(value)
    return replace(_token(found, "username", 2, name), identifier=value, end=end)


# In this order: what is read first is not read again.
_FUNCTIONS: dict[str, Read[_Token]] = {
    "ip_of_customer": partial(_token, kind=_IP_KIND),
    "sign_in_id": partial(_token, kind="user ID", group=0),
    "labeled_id": _labeled_id,
    "hex": _hex_id,
    "email": _email,
    "username": _username,
    "signed_in": _username,
}
_READERS = readers(_FILE, _FUNCTIONS)
