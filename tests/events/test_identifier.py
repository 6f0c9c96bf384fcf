"""Test reading what people type or paste as the customer."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

from apps.events import identifier
from apps.events.identifier import (
    Site,
    names_to_erase,
    parse_customer,
    reading_of,
    restored_customer,
    stored_text,
)
from apps.events.query import DEFAULT_FIELDS, Customer, CustomerKind, CustomerRefused

HEX = "7ca573c0f4814912aaa9bdc77d1a7d51"
DASHED = "7CA573C0-F481-4912-AAA9-BDC77D1A7D51"
CUSTOMER_TAG = "tags[customer]"
FIELDS = (*DEFAULT_FIELDS, CUSTOMER_TAG)
CLOUD = Site("https://sentry.io", "acme")
REGION = Site("https://de.sentry.io", "acme")
SELF_HOSTED = Site("https://sentry.example.com:9000", "acme")
GLITCHTIP = Site("https://glitchtip.example.com", "acme")
INTERNAL = Site("http://10.0.0.7:9000", "acme")
EMAIL = "jane@example.com"


def read(text: str, site: Site | None = CLOUD) -> Customer:
    return parse_customer(text, fields=FIELDS, site=site)


def refusal(text: str, site: Site | None = CLOUD) -> CustomerRefused:
    try:
        customer = read(text, site)
    except CustomerRefused as refused:
        return refused
    raise AssertionError(f"{text!r} was read as {customer}")


def wrong(rows: Iterable[tuple[str, object]], found: Iterable[object]) -> list[object]:
    return [(row, got) for row, got in zip(rows, found, strict=True) if row[1] != got]


def test_label_restricts_the_lookup_to_its_field() -> None:
    rows = [
        ("id:77", ("77", "user.id")),
        ("user.id:77", ("77", "user.id")),
        ("User ID: 77", ("77", "user.id")),
        ("User ID 77", ("77", "user.id")),
        ("user_id=77", ("77", "user.id")),
        ('{"userId": "77"},', ("77", "user.id")),
        (f"User ID: {HEX}", (HEX, "user.id")),
        (f"email:{EMAIL}", (EMAIL, "user.email")),
        ("user.email%3Ajane%40example.com", (EMAIL, "user.email")),
        ('user.email:"Jane@Example.com"', ("Jane@Example.com", "user.email")),
        (f"E-Mail: {EMAIL}", (EMAIL, "user.email")),
        (f"user:email:{EMAIL}", (EMAIL, "user.email")),
        (f"From: Jane Doe <{EMAIL}>", (EMAIL, "user.email")),
        ("username:jane_doe", ("jane_doe", "user.username")),
        ('user.username:"say \\"hi\\""', ('say "hi"', "user.username")),
        ("tags[customer]:4711", ("4711", CUSTOMER_TAG)),
        ('customer:"4711"', ("4711", CUSTOMER_TAG)),
        (f"is:unresolved user.email:{EMAIL} level:error", (EMAIL, "user.email")),
    ]
    found = [(one.identifier, *one.fields) for one in map(read, (text for text, _ in rows))]
    assert wrong(rows, found) == []


def test_value_is_taken_out_of_what_was_copied_with_it() -> None:
    rows = [
        *((f"{start}{EMAIL}{end}", EMAIL) for start, end in (
            ("mailto:", ""), ("Jane Doe <", ">"), ('"Doe, Jane" <', ">;"),
            ("<mailto:", f"|{EMAIL}>"), ("[jane](mailto:", ")"), ("mailto:", "?subject=Hi"),
            ("'", "'"), ("`", "`"), ("", " (Jane)"),
            ("\u201e", "\u201c"), ("\u00ab\u00a0", "\u00a0\u00bb"), ("\u300c", "\u300d"),
            ("", ","), ("", "."), ("**", "**"), ("user:", ""), ("Jane Doe: ", ""),
        )),
        ("jane@\u200bexample\u00ad.com", EMAIL),
        ("#77", "77"),
        ("\u201c77\u201d.", "77"),
        ("user:77", "77"),
        ("Account number: AC-12", "AC-12"),
        ("@jane_doe", "jane_doe"),
        ("jane_doe.", "jane_doe"),
        ("Jane\u00a0Doe", "Jane Doe"),
        ("Your client number is 77", "77"),
        ("jane%40example.com", EMAIL),
        (f"&lt;{EMAIL}&gt;", EMAIL),
        (f"It failed with {HEX} again", HEX),
        (f"login: {EMAIL}", EMAIL),
        (f"Reference: {HEX}", HEX),
    ]  # fmt: skip
    found = [(one.identifier, one.fields) for one in map(read, (text for text, _ in rows))]
    assert wrong([(text, (value, ())) for text, value in rows], found) == []


def test_identifier_that_only_looks_similar_is_unchanged() -> None:
    typed = (
        "ACME-1042", "user-42", "auth0|5f7c8ec7c33c6c00", "spotify:user:jane", "CORP\\jane",
        "a=b", "dXNlcjo3Nw==", "Acme Inc.", "O'Brien", "x OR level:error", "[a,b]", "*", '"', ">5",
        "jane@example.com/Checkout", "https://openid.example.org/jane", "paid: yes", "Jane Doe",
        "+49 170 1234567", "tom@home", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    )  # fmt: skip
    assert wrong([(one, (one, ())) for one in typed],
                 [(read(one).identifier, read(one).fields) for one in typed]) == []  # fmt: skip


@pytest.mark.parametrize("typed", ["id:77", '"77"', "1.2.3.4", f"Event ID: {HEX}", "x:[a,b]"])
def test_exactly_takes_the_rest_as_it_is(typed: str) -> None:
    assert read(f"Exactly: {typed} ") == Customer(typed)


def test_event_and_trace_ids_are_read_with_any_label() -> None:
    texts = (
        "Event ID: {}", "event_id={}", "eventId: {}", '"event_id": "{}"', "EVENT-ID {}", "event:{}",
        "Sentry Event ID: `{}`", "Last event ID: {}.", "the event {} in acme/web",
    )  # fmt: skip
    events = [text.format(value) for text in texts for value in (HEX, DASHED)]
    traces = [f"Trace ID: {HEX}", f"trace:{HEX}", f"sentry-trace: {HEX}-a1b2c3d4e5f60718-1",
              f"traceparent: 00-{HEX}-a1b2c3d4e5f60718-01"]  # fmt: skip
    rows = [(text, CustomerKind.EVENT) for text in events]
    rows += [(text, CustomerKind.TRACE) for text in traces]
    assert wrong([(text, (kind, HEX)) for text, kind in rows],
                 [(read(text).kind, read(text).hex_id) for text, _ in rows]) == []  # fmt: skip


def test_links_of_every_form_are_read() -> None:
    event, trace = (CustomerKind.EVENT, HEX), (CustomerKind.TRACE, HEX)
    rows = [
        (CLOUD, f"https://acme.sentry.io/issues/65/events/{HEX}/?project=1", event),
        (CLOUD, f"acme.sentry.io/issues/65/events/{HEX}/", event),
        (CLOUD, f"<https://acme.sentry.io/issues/65/events/{HEX}/|View event>", event),
        (CLOUD, f"Event: https://sentry.io/organizations/acme/issues/65/events/{HEX}/.", event),
        (CLOUD, f"https://sentry.io/acme/web/issues/65/events/{HEX}/json/", event),
        (CLOUD, f"https://sentry.io/organizations/acme/projects/web/events/{HEX}/", event),
        (CLOUD, f"https://acme.sentry.io/explore/discover/web%3A{HEX}/", event),
        (CLOUD, f"https://us.sentry.io/api/0/projects/acme/web/events/{HEX}/", event),
        (CLOUD, f"https://acme.sentry.io/issues/?query={HEX}", event),
        (CLOUD, f"https://acme.sentry.io/discover/results/?query=id%3A{HEX}", event),
        (CLOUD, f"https://acme.sentry.io/performance/trace/{HEX}/?node=txn-1", trace),
        (REGION, f"https://acme.sentry.io/explore/traces/trace/{HEX}/", trace),
        (REGION, f"https://acme.sentry.io/issues/trace/{HEX}/", trace),
        (SELF_HOSTED, f"https://sentry.example.com/acme/web/issues/1/events/{HEX}", event),
        (SELF_HOSTED, f"https://acme.sentry.example.com/issues/1/events/{HEX}", event),
        (GLITCHTIP, f"https://glitchtip.example.com/acme/issues/1/events/{HEX}", event),
        (GLITCHTIP, f"https://glitchtip.example.com/organizations/acme/issues/1/events/{HEX}",
         event),
        (INTERNAL, f"https://sentry.example.com/organizations/acme/issues/1/events/{HEX}/", event),
    ]  # fmt: skip
    found = [(one.kind, one.hex_id) for one in (read(link, site) for site, link, _ in rows)]
    assert wrong([(link, kind) for _site, link, kind in rows], found) == []


def test_search_in_a_link_names_the_customer() -> None:
    rows = [
        ("issues/?query=user.email%3Ajane%40example.com&statsPeriod=14d", (EMAIL, "user.email")),
        ("issues/?query=is%3Aunresolved+user.id%3A%2277%22", ("77", "user.id")),
        ("issues/65/events/?query=user%3A%22id%3A77%22", ("77", "user.id")),
        ("explore/logs/?logsQuery=user.username%3Ajane_doe", ("jane_doe", "user.username")),
        ("replays/?query=user.email:jane@example.com", (EMAIL, "user.email")),
        ("issues/?query=customer%3A4711", ("4711", CUSTOMER_TAG)),
    ]
    found = [read(f"https://acme.sentry.io/{path}") for path, _ in rows]
    assert wrong(rows, [(one.identifier, *one.fields) for one in found]) == []


def test_what_is_not_one_customer_is_refused_with_a_next_step() -> None:
    rows = [
        ("Issue: CHECKOUT-API-1", "an issue"),
        ("Issue CHECKOUT-API-1", "an issue"),
        ("https://acme.sentry.io/issues/65/", "an issue"),
        ("https://acme.sentry.io/issues/65/events/latest/", "an issue"),
        ("https://sentry.io/organizations/acme/issues/CHECKOUT-API-1/", "an issue"),
        (f"https://sentry.io/share/issue/{HEX}/", "an issue"),
        (f"Replay ID: {HEX}", "session replay"),
        (f"https://acme.sentry.io/replays/{HEX}/", "session replay"),
        (f"https://acme.sentry.io/issues/feedback/?projectSlug=web&eventId={HEX}", "feedback"),
        ("https://acme.sentry.io/feedback/?feedbackSlug=web%3A42", "feedback"),
        ("https://acme.sentry.io/dashboards/5/", "a customer, event, or trace"),
        ("https://tickets.example.com/77?token=t0p", "can't read this link"),
        ("ip:203.0.113.7", "IP address"),
        ("203.0.113.7", "IP address"),
        ("user.email:[a@example.com,b@example.com]", "several"),
        ("user.email:*@example.com", "several"),
        ("user.id:[77,78]", "several"),
        (f"Request ID: {HEX}", "Request ID"),
        ("jane@example.com, john@example.com", "several"),
        ("user.id:77 OR user.id:78", "several"),
        ('{"id": 77, "email": "jane@example.com"}', "several"),
        ("!user.email:jane@example.com", "Sentry search"),
        ("level:error", "Sentry search"),
        ("tags[plan]:pro", "tag plan"),
        ("Order ID: 5", "Order ID"),
        ("Event ID: 7ca573c0", "complete event ID"),
        ('user.id:""', "missing"),
        ("user.id:77 timeout", "no spaces"),
        (f"the replay {HEX} of Jane", "session replay"),
        (f"event {HEX}, trace {'ab' * 16}", "several"),
        ("203.0.113.7:443", "IP address"),
        ("https://acme.sentry.io/pull/acme/web/5/", "a customer, event, or trace"),
    ]
    texts = [str(refusal(text)) for text, _ in rows]
    assert [row for row, text in zip(rows, texts, strict=True) if row[1] not in text] == []
    steps = ("Enter", "Paste", "Open", "Copy", "Look up", "If it does")
    assert [text for text in texts if not any(step in text for step in steps)] == []


def test_ip_address_is_read_where_it_identifies_customers() -> None:
    fields = ("user.id", "user.ip")
    rows = [("203.0.113.7", ()), ("203.0.113.7:443", ()), ("Client IP: 203.0.113.7", ("user.ip",))]
    found = [parse_customer(text, fields=fields) for text, _ in rows]
    assert [(one.identifier, one.fields) for one in found] == [
        ("203.0.113.7", only) for _, only in rows
    ]


def test_link_to_another_server_or_organization_is_refused() -> None:
    path = f"issues/65/events/{HEX}/?token=t0p-secret"
    rows = [
        (CLOUD, f"https://globex.sentry.io/{path}", "globex"),
        (CLOUD, f"https://sentry.io/organizations/globex/{path}", "globex"),
        (CLOUD, f"https://acme.sentry.io/organizations/globex/{path}", "globex"),
        (CLOUD, f"https://user:t0p-secret@sentry.example.com/organizations/acme/{path}", "example"),
        (CLOUD, "https://globex.sentry.io/issues/?query=user.id%3A77", "globex"),
        (SELF_HOSTED, f"https://acme.sentry.io/{path}", "sentry.io"),
        (SELF_HOSTED, f"https://sentry.example.com.evil.example/organizations/acme/{path}", "evil"),
        (GLITCHTIP, f"https://glitchtip.example.com/globex/{path}", "globex"),
        (INTERNAL, f"https://sentry.example.com/organizations/globex/{path}", "globex"),
    ]
    texts = [str(refusal(link, site)) for site, link, _ in rows]
    assert [row for row, text in zip(rows, texts, strict=True) if row[2] not in text] == []
    assert [text for text in texts if "t0p" in text or "another" not in text] == []


def test_record_has_the_reading_but_never_the_rest_of_a_link() -> None:
    rows = [
        (f"https://acme.sentry.io/issues/65/events/{HEX}/?token=t0p#t0p", f"event:{HEX}"),
        (f"https://acme.sentry.io/performance/trace/{HEX}/?t0p", f"trace:{HEX}"),
        ("https://acme.sentry.io/issues/?query=user.id%3A77&token=t0p", 'user.id:"77"'),
        (f"mailto:{EMAIL}?body=a/t0p", EMAIL),
        (
            "https://acme.sentry.io/issues/?query=user.username%3A%22a%5C%2A%20%5C%22b%22",
            'user.username:"a\\* \\"b"',
        ),
        ("https://acme.sentry.io/issues/?query=user%3A%22a%3Db%22", "a=b"),
        (" id:77 ", "id:77"),
        ("exactly:https://id.example.org/jane", "exactly:https://id.example.org/jane"),
    ]
    found = [(stored_text(text, read(text)), read(text)) for text, _ in rows]
    assert wrong(rows, [stored for stored, _ in found]) == []
    for stored, customer in found:
        assert restored_customer(stored, fields=FIELDS) == customer


def test_link_as_a_value_is_recorded_exactly() -> None:
    link = "https://acme.sentry.io/issues/?query=user.id%3Ahttps%3A%2F%2Fid.example.org%2Fjane"
    assert stored_text(link, read(link)) == "exactly:https://id.example.org/jane"


def test_only_a_link_without_secrets_can_be_looked_up_exactly() -> None:
    links = (
        "https://me.example.org/a#12",
        "https://x.example.org/?t=0",
        "https://a:b@x.example.org/",
    )
    assert [refusal(link).may_be_exact for link in links] == [True, False, False]


def test_recorded_text_is_restored_after_the_fields_changed() -> None:
    assert restored_customer("user.email:a@b.de", fields=("user.id",)).fields == ("user.email",)
    assert restored_customer("Replay ID: 5", fields=FIELDS) == Customer("Replay ID: 5")


def test_erasing_finds_the_reading_and_the_literal_text() -> None:
    assert names_to_erase("id:77") == ("77", "id:77")
    assert names_to_erase("https://acme.sentry.io/issues/65/") == (
        "https://acme.sentry.io/issues/65/",
    )


def test_page_says_how_it_was_read() -> None:
    rows = [
        ("77", ""),
        ("id:77", "Read as the user ID 77."),
        ("customer:4711", "Read as the tag customer 4711."),
        (f"Jane <{EMAIL}>", f"Read as {EMAIL}."),
        (f"Event ID: {DASHED}", f"Read as the event ID {HEX}."),
        ("exactly:id:77", "Looked up exactly as typed."),
    ]
    assert wrong(rows, [reading_of(text, read(text)) for text, _ in rows]) == []


def test_each_label_has_one_meaning_and_is_written_as_it_is_compared() -> None:
    lists = tomllib.loads(Path(identifier.__file__).with_suffix(".toml").read_text("utf-8"))
    labels = [label for words in lists["labels"].values() for label in words.split()]

    assert [one for one in labels if labels.count(one) > 1 or one != identifier._key(one)] == []


def test_long_and_hostile_text_is_read_or_refused_without_backtracking() -> None:
    pieces = (
        "a.", "a@", "a:", "a-", "#1,", "user.id:", '"', "(", "a ", "1", "https://a/", "=",
        "\\", "@a.",
    )  # fmt: skip
    for piece in pieces:
        for text in (piece * 1900, piece * 100, f"x: {piece * 90}", f"{piece * 90}@"):
            try:
                read(text[:1990])
            except CustomerRefused:
                continue
