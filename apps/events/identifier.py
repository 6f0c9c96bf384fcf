"""Read what people type or paste as a customer: values, labels, searches, and Sentry links.

Copied text is read as what it says: `user.email:jane@example.com` is an email address, and a link
to an event is that event. What can't be looked up is refused with a next step, because a search
for the literal text would find nothing and look like a customer without errors. `exactly:` in
front turns all of this off.
"""

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from apps.events.patterns import PatternFile
from apps.events.query import (
    DEFAULT_FIELDS,
    EXACTLY,
    Customer,
    CustomerKind,
    CustomerRefused,
    LinkRefused,
    as_hex_id,
)

MAX_CUSTOMER_LENGTH = 200
MAX_LINK_LENGTH = 2000
_SIGNS = '\\"*{}'  # a search for nothing but these can match everything


@dataclass(frozen=True, slots=True)
class Site:
    """The Sentry that is searched. Links to any other are refused."""

    base_url: str
    organization: str


def parse_customer(
    text: str, *, fields: tuple[str, ...] = DEFAULT_FIELDS, site: Site | None = None
) -> Customer:
    """Parse the text of the customer field. No link is ever opened.

    `fields` are those that identify a customer. Without a `site`, links to any Sentry are read.

    Raise `CustomerRefused` if the text can't be looked up; the message explains why.
    """
    customer = _parse(text, fields, site)
    if "\\" in customer.identifier and not customer.identifier.strip(_SIGNS):
        raise CustomerRefused(
            "Sentry can’t search for these characters alone: it would find everyone. Add letters "
            "or digits of the customer’s identifier."
        )
    return customer


def _parse(
    text: str, fields: tuple[str, ...] = DEFAULT_FIELDS, site: Site | None = None
) -> Customer:
    if any(unicodedata.category(char) == "Cs" for char in text):
        raise CustomerRefused("We can't read the customer. Type it again.")
    typed = _strip_invisible(text)
    if any(unicodedata.category(char) in _CONTROLS for char in typed):
        raise CustomerRefused(
            "The customer contains a line break, a tab, or another control character. "
            "Type it on one line."
        )
    if len(typed) > MAX_LINK_LENGTH:
        raise _too_long(typed)
    if typed.casefold().startswith(EXACTLY):
        customer = Customer(typed[len(EXACTLY) :])
    else:
        customer = _Reader(fields, site).read(_with_plain_characters(typed))
    customer = replace(customer, identifier=_strip_invisible(customer.identifier))
    if not customer.identifier:
        raise CustomerRefused("Enter a customer: a user ID, email, or username.")
    if len(customer.identifier) > MAX_CUSTOMER_LENGTH:
        raise _too_long(customer.identifier)
    return customer


def stored_text(typed: str, customer: Customer) -> str:
    """Return the text that represents the customer in records: for a link, only its target."""
    text = _strip_invisible(typed)
    is_exact = text.casefold().startswith(EXACTLY)
    if is_exact or customer.identifier == text or not _HAS_LINK.search(text):
        return text
    if not customer.is_named:
        return f"{customer.kind}:{customer.hex_id}"
    target = customer.identifier
    if customer.fields:
        escaped = re.sub(r'(["*])', r"\\\1", target)
        target = f'{customer.fields[0]}:"{escaped}"'
    is_plain = restored_customer(target, fields=customer.fields) == customer
    return target if is_plain else f"{EXACTLY}{customer.identifier}"


def restored_customer(stored: str, *, fields: tuple[str, ...]) -> Customer:
    """Return the customer of a recorded text, even if it would be refused by now."""
    for known in (fields, (*DEFAULT_FIELDS, *fields)):
        with suppress(CustomerRefused):
            return parse_customer(stored, fields=known)
    return _parse(f"{EXACTLY}{stored}")


def identifier_to_find(text: str, *, fields: tuple[str, ...]) -> str:
    """Return the identifier that lookups of this text have."""
    try:
        return restored_customer(text, fields=fields).identifier
    except CustomerRefused:
        return text


def reading_of(typed: str, customer: Customer) -> str:
    """Return a sentence on how the text was read, or "" if it was taken as it is."""
    if typed == customer.identifier:
        return ""
    if typed.casefold().startswith(EXACTLY):
        return "Looked up exactly as typed."
    kind = f"the {field_name(customer.only_fields[0])} " if customer.only_fields else ""
    return f"Read as {kind}{customer.identifier}."


def names_to_erase(text: str, *, fields: tuple[str, ...] = DEFAULT_FIELDS) -> tuple[str, ...]:
    """Return the identifiers that lookups of this text have, and had before it was read.

    Raise `CustomerRefused` if no lookup can have it.
    """
    literal = _parse(f"{EXACTLY}{text}").identifier
    try:
        return tuple(dict.fromkeys((parse_customer(text, fields=fields).identifier, literal)))
    except CustomerRefused:
        return (literal,)


_FIELD_NAMES = {
    "user.id": "user ID",
    "user.email": "email",
    "user.username": "username",
    "user.ip": "IP address",
    "id": "event ID",
    "trace": "trace ID",
}


def field_name(field: str) -> str:
    """Return the name of a searched field for people."""
    if field.startswith("tags[") and field.endswith("]"):
        return f"tag {field[5:-1]}"
    return _FIELD_NAMES.get(field, field)


_CONTROLS = frozenset(("Cc", "Zl", "Zp"))
_WRAPPERS = frozenset(("Pi", "Pf", "Ps", "Pe"))


def _too_long(text: str) -> CustomerRefused:
    return CustomerRefused(
        f"That is {len(text)} characters long; the limit for a customer is {MAX_CUSTOMER_LENGTH}."
    )


def _strip_invisible(text: str) -> str:
    invisible = (char for char in set(text) if char.isspace() or unicodedata.category(char) == "Cf")
    return text.strip("".join(invisible))


def _with_plain_characters(text: str) -> str:
    """Turn odd spaces into plain ones, and drop invisible characters that no script needs."""
    spaced = "".join(" " if unicodedata.category(char) == "Zs" else char for char in text)
    visible = "".join(char for char in spaced if unicodedata.category(char) != "Cf")
    return visible if visible.isascii() else spaced


def _unwrapped(text: str) -> str:
    """Return the text without quotes or brackets around it, and without a comma at the end."""
    while True:
        bare = text.strip().rstrip(",;").rstrip()
        ends = {*bare[:1], *bare[-1:]}
        if len(bare) > 2 and all(map(_is_wrapper, ends)) and not ends & set(bare[1:-1]):
            bare = bare[1:-1]
        if bare == text or not bare:
            return text
        text = bare


def _tidied(value: str) -> str:
    """Return a value without a full stop at its end, or an @ that says it is a username."""
    if " " in value:
        return value
    value = value.rstrip(".:") or value
    return value[1:] if _HANDLE.fullmatch(value) else value


def _is_wrapper(char: str) -> bool:
    """Return whether the character is a quote in any language, or a bracket that is no list's."""
    if char.isascii():
        return char in "\"'`<>{}"
    return unicodedata.category(char) in _WRAPPERS or char == "\u00b4"


_FILE = PatternFile.read("identifier.toml")
_EMAIL = _FILE.compile("email")
_HEX_IN_TEXT = _FILE.compile("hex_in_text")
_SURROUNDED = _FILE.compile("surrounded")
_SEVERAL = _FILE.compile("several")
_SHORT_ID = _FILE.compile("short_id")
_ENCODED = _FILE.compile("encoded")
_HANDLE = _FILE.compile("handle")
_LABELED = _FILE.compile("labeled")
_SPACED = _FILE.compile("spaced")
_ANY_FIELD = _FILE.compile("any_field")
_ARTICLE = _FILE.compile("article")
_OTHER_ID = _FILE.compile("other_id")
_ONE_MORE = _FILE.compile("one_more")
_SEARCH_KEY = _FILE.compile("search_key")
_TOKEN = _FILE.compile("token")
_LINK = _FILE.compile("link")
_HAS_LINK = _FILE.compile("has_link")
_BARE_LINK = _FILE.compile("bare_link")
_SLUG_AND_ID = _FILE.compile("slug_and_id")
_NOT_ORGANIZATIONS = re.compile(r"www|app|(?:us|de|eu)\d?")
_PAGES = frozenset(_FILE.tables["links"]["pages"].split())
_LABELS = {
    label: meaning for meaning, labels in _FILE.tables["labels"].items() for label in labels.split()
}
_NO_LINK = "Paste the link to a single event, or type the customer."
_ONE_ONLY = "Those are several customers. Look up one at a time."
_A_SEARCH = (
    "That is a Sentry search, not a customer. Enter the customer's user ID, email, or username."
)
_AN_ISSUE = (
    "This points to an issue, which many customers can share. Open it in Sentry, and paste the "
    "link to a single event or the customer's user ID or email."
)
_A_REPLAY = (
    "This points to a session replay, which can't be looked up. Open it in Sentry, and paste the "
    "customer's user ID or email."
)
_AN_ADDRESS = (
    "Many customers can share an IP address, so we don't look it up. Enter the customer's user "
    "ID, email, or username."
)


_REFUSED = {"issues": _AN_ISSUE, "replays": _A_REPLAY, "user.ip": _AN_ADDRESS}


def _bare_value(text: str) -> str | None:
    """Return the email address, number, or 32 hex digits in nothing but punctuation."""
    found = _SURROUNDED.fullmatch(text)
    return (found["value"] or found["number"]) if found else None


def _key(label: str) -> str:
    """Return a label without articles, case, accents, spaces, and punctuation."""
    plain = _ARTICLE.sub("", unicodedata.normalize("NFKD", label).casefold())
    return "".join(char for char in plain if char.isalnum())


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one text, whose odd characters are gone."""

    fields: tuple[str, ...]
    site: Site | None

    def read(self, text: str) -> Customer:
        text = _unwrapped(text)
        links = [link.rstrip(".,;:!?*'’»)]}") for link in _LINK.findall(text)]
        bare = _BARE_LINK.fullmatch(text)
        if bare and _is_sentry(bare["host"], self.site):
            links = [text.rstrip(".,;:!?")]
        if links:
            return self._linked(text, list(dict.fromkeys(links)))
        if len(text) > MAX_CUSTOMER_LENGTH:
            raise _too_long(text)
        if text.casefold().startswith("mailto:"):
            text = re.split(r"[?|]", text[7:])[0]
        if _ENCODED.search(text) and not re.search(r'[\s"]', text):
            text = unquote(text)
        tokens = list(_TOKEN.finditer(text))
        searched = self._searched(tokens) if len(tokens) > 1 else None
        return searched or self._labeled(text) or self._unlabeled(text)

    def _unlabeled(self, text: str) -> Customer:
        if _SEVERAL.fullmatch(text):
            raise CustomerRefused(_ONE_ONLY)
        value = _bare_value(text) or self._only_email(text) or text
        if value == text and (customer := self._only_hex(text)):
            return customer
        address = next(filter(_is_ip, (value, re.sub(r"(?<=\d):\d{1,5}$", "", value))), None)
        if address and self._field_of("ip"):
            return Customer(address)
        if address:
            raise CustomerRefused(_AN_ADDRESS, may_be_exact=True)
        if hex_id := as_hex_id(value):
            return Customer(value, CustomerKind.IDENTIFIER_OR_HEX, hex_id)
        value = _tidied(value)
        is_short_id = _SHORT_ID.fullmatch(value)
        kind = CustomerKind.IDENTIFIER_OR_ISSUE if is_short_id else CustomerKind.IDENTIFIER
        return Customer(value, kind)

    def _only_email(self, text: str) -> str | None:
        if not re.search(r"[\s<>,;()\[\]]", text):
            return None
        found = {email.casefold(): email for email in _EMAIL.findall(text)}
        if len(found) > 1:
            raise CustomerRefused(_ONE_ONLY)
        return next(iter(found.values()), None)

    def _only_hex(self, text: str) -> Customer | None:
        found = list(_HEX_IN_TEXT.finditer(text)) if " " in text else []
        ids = {as_hex_id(one[0]) for one in found}
        if len(ids) > 1:
            raise CustomerRefused(_ONE_ONLY, may_be_exact=True)
        if not found:
            return None
        words = re.findall(r"[\w-]+", text[: found[0].start()])[-2:]
        with_ids = ("events", "traces", "replays")
        labels = (
            one for one in (" ".join(words), *words[1:]) if _LABELS.get(_key(one)) in with_ids
        )
        return self._hex_or_refused(next(labels, "ID in a text"), found[0][0])

    def _labeled(self, text: str) -> Customer | None:
        found = _LABELED.fullmatch(text) or _SPACED.fullmatch(text)
        if found is None:
            return None
        label, value = found["label"].lstrip("!-"), _unwrapped(found["value"])
        is_spaced = not found["sign"].strip()
        field = self._field_of(label)
        if is_spaced and field == "user.email":
            return None
        is_known = field is not None or _ANY_FIELD.fullmatch(_key(label)) is not None
        if is_known and label != found["label"]:
            raise CustomerRefused(_A_SEARCH, may_be_exact=True)
        if is_known and _ONE_MORE.search(value):
            raise CustomerRefused(_ONE_ONLY, may_be_exact=True)
        if field:
            return self._in_field(field, value)
        is_search = found["sign"] == ":" and label == label.lower()
        return self._hex_or_refused(label, value) or self._other(label, value, is_search=is_search)

    def _field_of(self, label: str) -> str | None:
        """Return the field that a label names, or None. Refuse one that is not configured."""
        tags = {_key(field[5:-1]): field for field in self.fields if field.startswith("tags[")}
        name = label[5:-1] if label.startswith("tags[") else label
        meaning = _LABELS.get(_key(label), "")
        field = tags.get(_key(name)) or (meaning if "." in meaning else "")
        if field in self.fields:
            return field
        if label.startswith("tags[") or label == field != "user.ip":
            raise CustomerRefused(
                f"This site doesn't look up customers by {field_name(field or label)}. Enter one "
                f"of these: {', '.join(map(field_name, self.fields))}.",
                may_be_exact=True,
            )
        return None

    def _in_field(self, field: str, value: str) -> Customer:
        quoted = re.fullmatch(r'"((?:\\.|[^"\\])*)"', value)
        if re.search(r"(?<!\\)\*|\uf00d", value) or re.fullmatch(r"\[.*,.*\]", value):
            raise CustomerRefused(_ONE_ONLY, may_be_exact=True)
        if field == "user.email":
            value = self._only_email(value) or value
        value = _bare_value(value) or (quoted[1] if quoted else _tidied(value))
        value = re.sub(r'\\(["*])', r"\1", value)
        if not value.strip("\"' "):
            raise CustomerRefused(
                "The value is missing. Enter the customer's user ID, email, or username."
            )
        if field == "user.id" and not quoted and " " in value:
            raise CustomerRefused("A user ID has no spaces. Enter only the ID.", may_be_exact=True)
        is_other_kind = field != "user.email" and _EMAIL.fullmatch(value) and field[:4] == "user"
        return Customer(value, fields=() if is_other_kind else (field,))

    def _hex_or_refused(self, label: str, value: str) -> Customer | None:
        """Return the event or trace that a label announces. Refuse what isn't one customer's."""
        meaning = _LABELS.get(_key(label), "")
        if meaning in _REFUSED:
            raise CustomerRefused(_REFUSED[meaning], may_be_exact=True)
        found = _HEX_IN_TEXT.search(value)
        hex_id = as_hex_id(found[0]) if found else None
        kind = {"events": CustomerKind.EVENT, "traces": CustomerKind.TRACE}.get(meaning)
        if kind:
            if hex_id is None:
                raise CustomerRefused(
                    f"This is not a complete {kind} ID, which has 32 digits and letters from a to "
                    "f. Copy it again.",
                    may_be_exact=True,
                )
            return Customer(hex_id, kind, hex_id)
        is_whole = hex_id is not None and as_hex_id(value) == hex_id
        if is_whole and (meaning == "maybe_events" or not _OTHER_ID.search(label)):
            return Customer(value, CustomerKind.IDENTIFIER_OR_HEX, hex_id)
        return None

    def _other(self, label: str, value: str, *, is_search: bool) -> Customer | None:
        if _ANY_FIELD.fullmatch(_key(label)):
            return self.read(value)
        if is_search and _SEARCH_KEY.fullmatch(label):
            raise CustomerRefused(_A_SEARCH, may_be_exact=True)
        if _OTHER_ID.search(label):
            raise CustomerRefused(
                f"We don't know whether “{label}” identifies a customer. If it does, enter only "
                "the value.",
                may_be_exact=True,
            )
        return None

    def _searched(self, tokens: list[re.Match[str]], *, is_link: bool = False) -> Customer | None:
        found: dict[str, Customer] = {}
        for token in tokens:
            key = token["key"]
            if key.casefold() == "id" and is_link:
                key = "event"  # as Sentry's own pages mean it
            is_identity = key in ("user", "event", "trace") or f"tags[{key}]" in self.fields
            if is_identity or key.startswith(("user.", "tags[")):
                customer = self._labeled(f"{token['not']}{key}:{token['value']}")
                if customer:
                    found[customer.identifier.casefold()] = customer
        if len(found) > 1:
            raise CustomerRefused(_ONE_ONLY)
        return next(iter(found.values()), None)

    def _linked(self, text: str, links: list[str]) -> Customer:
        if len(links) > 1:
            raise CustomerRefused(_ONE_ONLY)
        try:
            parts = urlsplit(links[0] if "://" in links[0] else f"https://{links[0]}")
            host = (parts.hostname or "").rstrip(".")
        except ValueError as error:
            raise LinkRefused(f"We can't read this link. {_NO_LINK}") from error
        segments = [unquote(segment) for segment in parts.path.split("/") if segment]
        target = _target_of(segments)
        if target is None and not _is_sentry(host, self.site):
            return self._other_link(text, links[0], parts)
        if self.site:
            _check_site(self.site, host, segments)
        if isinstance(target, Customer):
            return target
        searched = self._searched_in(parts)
        if searched is None:
            raise LinkRefused(
                target or f"This link doesn't point to a customer, event, or trace. {_NO_LINK}"
            )
        return searched

    def _other_link(self, text: str, link: str, parts: SplitResult) -> Customer:
        """Return a link as an identifier, as OpenID has them."""
        if text != link or parts.query or parts.fragment or parts.username or parts.password:
            may_be_exact = text == link and "@" not in parts.netloc and not parts.query
            raise CustomerRefused(f"We can't read this link. {_NO_LINK}", may_be_exact=may_be_exact)
        return Customer(link)

    def _searched_in(self, parts: SplitResult) -> Customer | None:
        """Return the customer, event, or trace that the search in a link names."""
        for name, query in parse_qsl(parts.query):
            if not name.casefold().endswith("query"):
                continue
            hex_id = as_hex_id(query.strip())
            if hex_id:
                return Customer(hex_id, CustomerKind.EVENT, hex_id)
            searched = self._searched(list(_TOKEN.finditer(query)), is_link=True)
            if searched:
                return searched
        return None


_CLOUD = "sentry.io"


def _host_of(site: Site) -> str:
    return urlsplit(site.base_url).hostname or ""


def _is_within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _is_sentry(host: str, site: Site | None) -> bool:
    host = host.casefold()
    return _is_within(host, _CLOUD) or (site is not None and _is_within(host, _host_of(site)))


def _check_site(site: Site, host: str, segments: list[str]) -> None:
    own_host = _host_of(site)
    domain = _CLOUD if _is_within(own_host, _CLOUD) else own_host
    # Only servers use such a name, so that links for people have another.
    is_internal = "." not in own_host or own_host.endswith((".internal", ".local", ".svc"))
    if not _is_within(host, domain) and not is_internal and not _is_ip(own_host):
        raise LinkRefused(
            f"This link points to another server, {host[:100]}. Triage uses {own_host}. {_NO_LINK}"
        )
    prefix = host.removesuffix(_CLOUD if _is_within(host, _CLOUD) else domain).rstrip(".")
    is_organization = "." not in prefix and not _NOT_ORGANIZATIONS.fullmatch(prefix)
    named = {_organization_in(segments)}
    if _is_within(host, domain) or _is_within(host, _CLOUD):
        named.add(prefix if is_organization else "")
    others = {name for name in named if name and name.casefold() != site.organization.casefold()}
    if others:
        raise LinkRefused(
            f"This link points to another organization, {min(others)[:100]}. Triage uses "
            f"{site.organization}. {_NO_LINK}"
        )


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _organization_in(segments: list[str]) -> str:
    """Return the organization in the path of any version of Sentry or GlitchTip, or ""."""
    if segments[:2] == ["api", "0"]:
        segments = segments[2:]
        return segments[1] if segments[:1] in (["organizations"], ["projects"]) else ""
    if segments[:1] in (["organizations"], ["settings"]) and len(segments) > 1:
        return segments[1]
    has_organization = segments and segments[0] not in _PAGES and _PAGES & set(segments[1:3])
    return segments[0] if has_organization else ""


def _target_of(segments: list[str]) -> Customer | str | None:
    """Return what the path points to: an event or trace, or why it can't be looked up."""
    pairs = list(zip(["", *segments], segments, strict=False))
    for parent, name in pairs:
        in_slug = _SLUG_AND_ID.fullmatch(name)
        if parent in ("events", "eventids") and as_hex_id(name):
            return _of_kind(CustomerKind.EVENT, name)
        if parent in ("discover", "performance") and in_slug:
            return _of_kind(CustomerKind.EVENT, in_slug[1])
        if parent in ("trace", "traces") and as_hex_id(name):
            return _of_kind(CustomerKind.TRACE, name)
    return next((message for pair in pairs if (message := _refusal(*pair))), None)


def _of_kind(kind: CustomerKind, text: str) -> Customer:
    hex_id = as_hex_id(text) or ""
    return Customer(hex_id, kind, hex_id)


def _refusal(parent: str, name: str) -> str:
    """Return why a link with this part can't be looked up, or ""."""
    if parent == "replays":
        return _A_REPLAY
    if name in ("feedback", "user-feedback"):
        return (
            "This points to feedback, which can't be looked up. Open it in Sentry, and paste the "
            "customer's user ID or email."
        )
    is_issue = name.isdecimal() or _SHORT_ID.fullmatch(name)
    if (parent in ("issues", "group") and is_issue) or parent == "share":
        return _AN_ISSUE
    return ""
