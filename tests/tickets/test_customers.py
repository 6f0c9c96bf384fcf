"""Customers are found by labels, likeliest first, the help desk's own addresses last."""

from functools import partial

import pytest

from apps.events.identifier import parse_customer
from apps.tickets.customers import find_customers
from apps.tickets.text import CustomerFound

HEX = "0123456789abcdef0123456789abcdef"
UUID = "9b2f6c1e-4d7a-4f0e-8a53-2c6d1e9b7f10"
EVENT = f"https://acme.sentry.io/issues/12/events/{HEX}/"


def found(text: str) -> tuple[CustomerFound, ...]:
    """Return the customers found in the text."""
    return find_customers(text)[0]


@pytest.mark.parametrize(
    ("text", "identifier", "kind"),
    [
        ("write to jane.doe+shop@example.co.uk.", "jane.doe+shop@example.co.uk", "email address"),
        ("<jane@example.com>", "jane@example.com", "email address"),
        ("[jane](mailto:jane@example.com)", "jane@example.com", "email address"),
        ("jörg@müller.de", "jörg@müller.de", "email address"),
        ("customer id: 10442", "10442", "customer ID"),
        ("Customer ID 10442,", "10442", "customer ID"),
        ("customer number is 10442", "10442", "customer ID"),
        ("user #1001", "1001", "user ID"),
        ("user_id=77", "77", "user ID"),
        ("userId: 1001", "1001", "user ID"),
        ("client=203.0.113.9 uid=8812", "8812", "user ID"),
        ("the customer's id is 55", "55", "customer ID"),
        ("account AC-1234 is broken", "AC-1234", "account ID"),
        ("Account: AC-1234", "AC-1234", "account ID"),
        ("Kundennummer: 88123", "88123", "customer ID"),
        ("Kundennr. 4711-22.", "4711-22", "customer ID"),
        ("Kd.-Nr. 88123", "88123", "customer ID"),
        (f"user {UUID}", UUID, "32-character user ID"),
        (f"seen {UUID} there", UUID, "32-character ID: a user, an event, or a trace"),
        (f"Event ID: {HEX}", f"event:{HEX}", "event ID"),
        (f"Sentry event {HEX}", f"event:{HEX}", "event ID"),
        (f"Event ID\n{HEX}", f"event:{HEX}", "event ID"),
        (f"trace-id={HEX}", f"trace:{HEX}", "trace ID"),
        (f"Reference: {HEX}", HEX, "32-character ID: a user, an event, or a trace"),
        (f"see {EVENT}.", f"event:{HEX}", "Sentry link to one event"),
        (
            f"https://acme.sentry.io/performance/trace/{HEX}/?token=t0p",
            f"trace:{HEX}",
            "Sentry link to one trace",
        ),
        (
            "https://acme.sentry.io/issues/?query=user.email%3Ajane%40example.com",
            'user.email:"jane@example.com"',
            "Sentry link to one customer",
        ),
        ("Username: jane_doe", "jane_doe", "username"),
        ("user name CORP\\kowalski cannot", "CORP\\kowalski", "username"),
        ("was logged in as jdoe.", "jdoe", "username"),
        ('login is "jdoe"', "jdoe", "username"),
        ("Benutzername: jdoe", "jdoe", "username"),
        ("identifiant jeanne75", "jeanne75", "username"),
        ("handle @foxy_lady", "foxy_lady", "username"),
        ("My user name is 'Big Bob' and", "Big Bob", "username"),
        ('{"user_id": "12345"}', "12345", "user ID"),
        ("Customer (ID 7733) says", "7733", "customer ID"),
        ("cust id: 90211", "90211", "customer ID"),
        ("client n° 33120", "33120", "client ID"),
        ("customer number is K/2201/9", "K/2201/9", "customer ID"),
        ("auth0|5f7c8ec7c33c6c00", "auth0|5f7c8ec7c33c6c00", "user ID"),
    ],
)
def test_identifier_of_a_customer_is_found(text: str, identifier: str, kind: str) -> None:
    (one,) = found(text)
    assert one.kind == kind
    assert one.identifier == identifier
    assert one.excerpt.found in (identifier, HEX) or text.startswith(("http", "see"))


@pytest.mark.parametrize(
    "text",
    [
        "the user said the login failed and the customer is angry",
        "the customer since 2019, order id: 123456, invoice 2026-11-20",
        "user 3 times",
        "account 2026-11-20",
        "customer number 100 200 300",
        "logged in as a guest",
        "icon@2x.png2 and @jane and jane@localhost",
        "https://example.com/account/77",
        "deadbeef 0123456789abcdef",
        "upstream timed out, client: 203.0.113.9, server: shop.example",
        "client 10.0.0.7:51234 closed, account 2001:db8::17, client: [2001:db8::17]:443",
        "client 2.14.0 and client: 2.14.0-beta1",
        "Message-ID: <20261120140509.A12@mail.example.com>",
        "In-Reply-To: <abc=x@mail.example.com>\nReferences: <1@example.com>\n <2@example.com>",
        "the customer's IP is 203.0.113.9",
        "sent with Message-ID <abc@mail.example.com> today",
        "Received: from mail.example.com by mx with ESMTP id abc123@mx.example.com",
    ],
)
def test_other_text_is_not_a_customer(text: str) -> None:
    assert found(text) == ()


@pytest.mark.parametrize(
    "text", ["the customer's IP is 203.0.113.9.", "User IP: 203.0.113.9", "my ip 203.0.113.9"]
)
def test_ip_address_is_a_customer_only_if_named_so_and_configured(text: str) -> None:
    by_ip = partial(parse_customer, fields=("user.id", "user.ip"))
    log = "client: 198.51.100.7, server: shop.example"
    customers, _ = find_customers(f"{log}\n{text}", by_ip)
    assert [(one.identifier, one.kind) for one in customers] == [("203.0.113.9", "IP address")]


def test_ip_address_said_to_be_the_customers_becomes_a_note() -> None:
    log = "client: 198.51.100.7, server: shop.example"
    assert find_customers(log) == ((), ())
    customers, notes = find_customers(f"{log}\nUser IP: 203.0.113.9")
    assert customers == ()
    assert "IP address" in notes[0]


def test_help_desks_own_addresses_come_last() -> None:
    mail = (
        "To: support@acme.com\nCc: ana@acme.com\nFrom: Jane <jane@example.com>\n"
        "noreply@mail.example.org"
    )
    listed = [(one.identifier, one.likely_ours) for one in found(mail)]
    assert listed[0] == ("jane@example.com", False)
    assert {name for name, ours in listed if ours} == {
        "support@acme.com",
        "ana@acme.com",
        "noreply@mail.example.org",
    }


def test_customer_is_listed_once_with_a_count() -> None:
    (one,) = found("jane@example.com wrote, Jane@Example.com and JANE@EXAMPLE.COM")
    assert (one.identifier, one.times) == ("jane@example.com", 3)


def test_link_to_an_issue_becomes_a_note() -> None:
    customers, notes = find_customers("https://acme.sentry.io/issues/12/")
    assert customers == ()
    assert "many customers" in notes[0]


def test_ids_of_what_cannot_be_looked_up_are_not_offered() -> None:
    texts = (
        f"Replay ID: {HEX}",
        f"Session replay\n{HEX}",
        f"https://acme.sentry.io/replays/{HEX}/",
        f"https://acme.sentry.io/share/issue/{HEX}/",
        "https://tickets.example.com/77?token=t0p",
    )
    assert [found(text) for text in texts] == [()] * len(texts)
    _customers, notes = find_customers(" ".join(texts))
    assert [note.split(".")[1].split(",")[0] for note in notes] == [
        " This points to a session replay",
        " This points to an issue",
    ]


def test_note_counts_the_customers_not_listed() -> None:
    customers, notes = find_customers(" ".join(f"a{number}@x.com" for number in range(20)))
    assert len(customers) == 8
    assert notes == ("12 more possible customers found but not listed.",)
    _, notes = find_customers(" ".join(f"a{number}@x.com" for number in range(300)))
    assert notes == ("At least 192 more possible customers found but not listed.",)
