"""Test redaction in every place of an event."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.events.answer import Answer
from apps.events.event import Breadcrumb, Event, EventBody, Issue, Request
from apps.events.patterns import PatternFile
from apps.redaction import (
    addresses,
    credentials,
    keys,
    named_values,
    numbers,
    vendor_tokens,
)
from apps.redaction.engine import (
    RULES_VERSION,
    Ledger,
    redact,
    redact_event,
    redact_text,
    redact_value,
)
from apps.redaction.keys import kind_of_key
from apps.redaction.shapes import Shape, read_shapes
from tests.events.test_redaction import EVENT_ID, MOMENT, answer_with_secret

NOBODY: frozenset[str] = frozenset()
PLANTED = {
    "email": "jane@example.com",
    "card": "4242 4242 4242 4242",
    "iban": "DE89 3704 0044 0532 0130 00",
    "ip": "203.0.113.9",
    "phone": "+49 30 901820",
    "ssn": "219-09-9999",
    "mac": "00:1b:44:11:3a:b7",
    "token": "ghp_" + "a1B2" * 9,
}


def plain(value: object) -> object:
    return redact_value(value, Ledger(NOBODY))


@pytest.mark.parametrize("secret", PLANTED.values(), ids=PLANTED)
def test_planted_secret_is_redacted_everywhere(secret: str) -> None:
    answer = answer_with_secret(f"value {secret} end")
    event = answer.events[0]
    body = replace(
        event.body or EventBody(),
        environment=secret,
        breadcrumbs=(Breadcrumb(category=secret, level=secret, data={secret: {"deep": [secret]}}),),
        request=Request(method=secret, url=f"https://x.example/replay/?q={secret}"),
    )
    link = f"https://acme.sentry.io/issues/1/?query={secret}"
    event = replace(event, environment=secret, level=secret, platform=secret, body=body)
    issue = Issue(id="1", title=f"Error: {secret}")
    shown = redact(replace(answer, events=(event,), issues=(issue,)))
    assert secret not in repr(shown)
    if "@" in secret:
        issue = replace(issue, permalink=link)
        event = replace(event, permalink=link, release=f"web@{secret}")
        shown = redact(replace(answer, events=(event,), issues=(issue,)))
        assert secret not in repr(shown)


@pytest.mark.parametrize(
    ("release", "shown"),
    [
        ("web@1.5.0", "web@1.5.0"),
        ("com.example.app@1.2.3.4+456", "com.example.app@1.2.3.4+456"),
        ("10.2.3.4", "10.2.3.4"),
        ("8f3c2a1b8f3c2a1b8f3c2a1b8f3c2a1b8f3c2a1b", "8f3c2a1b8f3c2a1b8f3c2a1b8f3c2a1b8f3c2a1b"),
        ("20261120140500", "20261120140500"),
        ("web@1.0.1001", "web@1.0.1001"),
        ("web-by-jane@example.com", "<email-1>"),
        ("build ghp_" + "a1B2" * 9, "build <token-1>"),
    ],
)
def test_release_survives_except_secrets(release: str, shown: str) -> None:
    body = EventBody(release=release, tags=(("release", release), ("dist", release)))
    event = Event(id=EVENT_ID, timestamp=MOMENT, release=release, body=body)
    redacted = redact(replace(one_event(event)))
    again = redacted.events[0]
    assert again.body is not None
    assert (again.release, again.body.release) == (shown, shown)
    assert dict(again.body.tags) == {"release": shown, "dist": shown}


def one_event(event: Event) -> Answer:
    return replace(answer_with_secret("nothing"), events=(event,))


def test_sentry_links_and_ids_survive() -> None:
    link = f"https://acme.sentry.io/organizations/acme/issues/6011000990139/events/{EVENT_ID}/"
    event = Event(id=EVENT_ID, timestamp=MOMENT, permalink=link, trace_id="4" * 32)
    shown = redact_event(event, customer="6011000990139")
    assert (shown.permalink, shown.trace_id) == (link, "4" * 32)


def test_spellings_of_a_value_share_an_alias() -> None:
    ledger = Ledger(NOBODY)
    shown = [
        redact_text(text, ledger)
        for text in ("4242 4242 4242 4242", "4242424242424242", "card=4242-4242-4242-4242")
    ]
    assert {re.sub("card=", "", text) for text in shown} == {"<card-1>"}
    mail = [redact_text(text, ledger) for text in ("a@b.example", "A%40B.example", "A@b.example")]
    assert set(mail) == {"<email-1>"}
    assert redact_value({"token": "a@b.example"}, ledger) == {"token": "<email-1>"}
    assert redact_text("Bearer abc-123-def", ledger) == f"Bearer {ledger.alias('x', 'abc-123-def')}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"phone": ["+49 30 901820", "901820"]}, {"phone": ["<phone-1>", "<phone-2>"]}),
        ([["password", "x"]], [["password", "<secret-1>"]]),
        ({"name": "password", "value": "x"}, {"name": "password", "value": "<secret-1>"}),
        ({"headers": {"Authorization": "Bearer x"}}, None),
        ({"first_name": "Jane", "name": "web"}, {"first_name": "<name-1>", "name": "web"}),
        ({"tokens": 512, "token": None, "pin": 1234}, None),
        ({"order_id": 4539148803436467008}, {"order_id": 4539148803436467008}),
        ({"n": 4242424242424242}, {"n": "<card-1>"}),
        ({"version": "10.2.3.4", "host": "10.2.3.4"}, {"version": "10.2.3.4", "host": "<ip-1>"}),
        ({"password": "[Filtered]"}, {"password": "[Filtered]"}),
        ('{"a": 1, "token": {"value": "x"}}', '{"a": 1, "token": "<secret-1>"}'),
        ('[["password","x"]]', '[["password","<secret-1>"]]'),
        ('{"status": "open",  "n": 1.50}', '{"status": "open",  "n": 1.50}'),
        ({"billing_address": {"line1": "Elm 1"}}, {"billing_address": "<address-1>"}),
        ({"shippingAddress": {"country": "DE"}}, {"shippingAddress": "<address-1>"}),
        ({"name": {"first": "Jane", "last": "Doe"}}, {"name": "<name-1>"}),
        ({"date_of_birth": {"day": 3, "year": 1990}}, {"date_of_birth": "<birthdate-1>"}),
        ({"e_mail": "x", "login": "bobby"}, {"e_mail": "<email-1>", "login": "<user-1>"}),
        (
            {"address": "Elm Street 5", "zip": "10115"},
            {"address": "<address-1>", "zip": "<address-2>"},
        ),
        ({"address": "0x7ffee4c0", "zip": True}, {"address": "0x7ffee4c0", "zip": True}),
        ({"sin": 0.5, "nombre": 4, "swift": "5.9"}, {"sin": 0.5, "nombre": 4, "swift": "5.9"}),
        ({"exp_month": 4, "brand": "visa"}, {"exp_month": "<secret-1>", "brand": "visa"}),
        ({"exp_month": 4, "n": 1}, {"exp_month": 4, "n": 1}),
        ({"dsn": "https://o1.example/2"}, {"dsn": "https://o1.example/2"}),
        ({"dsn": "mysql://bob:x@h/db"}, {"dsn": "<secret-1>"}),
        ({"mothers_maiden_name": "Roe"}, {"mothers_maiden_name": "<name-1>"}),
        ({"nom": "Roe", "prenom": "Ana"}, {"nom": "<name-1>", "prenom": "<name-2>"}),
        ({"name": {"en": "Shirt"}}, {"name": {"en": "Shirt"}}),
    ],
)
def test_structured_values(value: object, shown: object) -> None:
    if shown is None:
        shown = {
            "headers": {"headers": {"Authorization": "Bearer <secret-1>"}},
            "tokens": {"tokens": 512, "token": None, "pin": "<secret-1>"},
        }[next(iter(value)) if isinstance(value, dict) else ""]
    assert plain(value) == shown


def test_code_parameter_is_redacted_if_it_looks_secret() -> None:
    request = Request(query=(("code", "4/0AX4XfWh-Zz9"), ("code", "404"), ("page", "2")))
    event = Event(id=EVENT_ID, timestamp=MOMENT, body=EventBody(request=request))
    shown = redact_event(event, customer="x").body
    assert shown is not None
    assert shown.request is not None
    assert [value for _name, value in shown.request.query] == ["<secret-1001>", "404", "2"]


SECRET_NAMES = """
password passwd PASSWORD userPassword user_password new-password password1 pwd dbPwd pass
DB_PASS passwort kennwort mot_de_passe contraseña client_secret clientSecret SECRET_KEY
secretKey token accessToken access_token ACCESSTOKEN csrfmiddlewaretoken X-CSRF-Token XSRF-TOKEN
authToken id_token refreshToken apiKey api_key X-Api-Key APIKEY x-goog-api-key private_key
privateKey Authorization Proxy-Authorization HTTP_AUTHORIZATION Cookie Set-Cookie sessionid
session_id JSESSIONID PHPSESSID connect.sid laravel_session session sid creditCard
credit_card_number cardNumber card_number cvv cvc cvc2 iban IBAN account_number ssn
social_security_number passport_number tax_id otp one_time_code pin card_pin X-Amz-Signature
x-amz-security-token X-Hub-Signature sig jwt bearer_token credentials aws_secret_access_key
signing_key encryptionKey basic_auth driverLicenseNumber 2fa_code pin_code authCode sms_code
activation_code security_code mfa_code code_verifier oauth_verifier salt password_salt storage_key
ssh_key security_answer remember_me bank_account sort_code bic swift routing_number kontonummer
kreditkarte steuernummer vat_id tax_number sin clave card_expiry card_exp_month connection_string
DATABASE_URL dsn STRIPE_KEY OPENAI_KEY SSH_KEY GPG_KEY MAPS_KEY stripe_key motDePasse contrasena
senha wachtwoord hasło haslo heslo parola пароль 密码 パスワード lösenord
"""
HARMLESS_NAMES = """
token_type tokenizer author authority authenticated passenger pinned secretary compass spin
panel max_tokens total_tokens session_duration is_password_set password_length has_token passed
cardinality discard dashboard monkey keyboard key code status name filename hostname server_name
iphone spanId trace_id PublicKeyToken public_key sort_key primary_key keyCode design assign
signal signup description subscription opinion mapping shipping typing bypass token_expires_in
PRIMARY_KEY FOREIGN_KEY CACHE_KEY KeyError exp expiry_date exp_month zip_path swiftly business
basalt cosine enclave cause_code error_code country_code postcodes cache_key row_key
session_count cookie_domain carddeck panorama sidebar outside president
"""


def test_secret_key_names() -> None:
    assert [name for name in SECRET_NAMES.split() if kind_of_key(name) != "secret"] == []


def test_harmless_key_names() -> None:
    assert [name for name in HARMLESS_NAMES.split() if kind_of_key(name)] == []


MADE = "q3vT8xLr2Wn6Yb1Hk9P"
DEVICE = "8D8AC610-566D-4EF0-9C22-186B2A5ED793"


def test_values_are_redacted_by_their_place() -> None:
    """Test options before values, names of objects, and names that need a generated value."""
    wrong = []
    for value, shown in (
        (["run.py", "--api-key", MADE], ["run.py", "--api-key", "<secret-1>"]),
        (["run.py", "--password", "sunny day", "-v"], ["run.py", "--password", "<secret-1>", "-v"]),
        (["curl", "-u", "jane:sunny7"], ["curl", "-u", "jane:<secret-1>"]),
        (["mysqldump", "-p", "Tr0ub4dor&3"], ["mysqldump", "-p", "<secret-1>"]),
        (["docker", "-p", "8080:80"], ["docker", "-p", "8080:80"]),
        (["pytest", "--token-type", "jwt"], ["pytest", "--token-type", "jwt"]),
        ({"X-Acme-Key": MADE}, {"X-Acme-Key": "<secret-1>"}),
        ({"X-Acme-Key": "checkout"}, {"X-Acme-Key": "checkout"}),
        ({"acmeKey": {"region": "eu"}}, {"acmeKey": {"region": "eu"}}),
        ({"acme": {"key": MADE, "on": True}}, {"acme": {"key": "<secret-1>", "on": True}}),
        ({"cache": {"key": MADE}}, {"cache": {"key": MADE}}),
        ({"ACME": MADE, "GIT_COMMIT": MADE}, {"ACME": "<secret-1>", "GIT_COMMIT": MADE}),
        ({"PWD": "/srv/app", "OLDPWD": "sunny7"}, {"PWD": "/srv/app", "OLDPWD": "<secret-1>"}),
        ({"login_url": "/login"}, {"login_url": "/login"}),
        ({"reset_password_url": f"/p/{MADE}/"}, {"reset_password_url": "<secret-1>"}),
        ({"device": {"id": DEVICE}}, {"device": {"id": "<device-1>"}}),
        ({"device": {"name": "Jane's phone"}}, {"device": {"name": "<device-1>"}}),
        ({"device": {"name": "iPhone 15 Pro"}}, {"device": {"name": "iPhone 15 Pro"}}),
        ({"vendor_id": 12345678, "device_id": 12}, {"vendor_id": 12345678, "device_id": 12}),
        ({"identifierForVendor": DEVICE}, {"identifierForVendor": "<device-1>"}),
        ({"user": {"name": "Jane Roe"}}, {"user": {"name": "<user-1>"}}),
    ):
        if plain(value) != shown:
            wrong.append(f"{value} -> {plain(value)}")
    assert not wrong, "\n".join(wrong)


def test_names_stay_with_their_values_in_long_text() -> None:
    """Test blocks that are indented, because long texts are redacted line by line."""
    log = "14:05:00 INFO checkout is done\n" * 30
    leaking = [
        block
        for block in (
            f"acme:\n  region: eu\n  key: {MADE}\n",
            f"password\n  Value error [type=value_error, input_value='{MADE}', input_type=str]\n",
            f"- name: DB_PASSWORD\n  value: {MADE}\n",
        )
        if MADE in redact_text(log + block + log, Ledger(NOBODY))
    ]
    assert not leaking, "\n".join(leaking)


def test_context_of_device_is_redacted() -> None:
    body = EventBody(contexts={"device": {"id": DEVICE, "model": "iPhone14,2"}})
    shown = redact_event(Event(id=EVENT_ID, timestamp=MOMENT, body=body), customer="1001").body
    assert shown is not None
    assert shown.contexts == {"device": {"id": "<device-1001>", "model": "iPhone14,2"}}


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_accepted(value: object) -> None:
    plain(value)


@given(st.text(alphabet="ab1 4@.:=/\\\"'%2[]{}<>+-_\n,eyJ", max_size=200))
def test_any_text_is_accepted(text: str) -> None:
    redact_text(redact_text(text, Ledger(NOBODY)), Ledger(NOBODY))


def patterns() -> Iterator[re.Pattern[str]]:
    """Yield the patterns of all modules, alone, in shapes, and in tables."""
    # Splitting a name at a single class does not backtrack.
    for module in (addresses, credentials, keys, named_values, numbers, vendor_tokens):
        for name, value in vars(module).items():
            values = value.values() if isinstance(value, dict) else value
            for one in values if isinstance(value, tuple | dict) else (value,):
                if isinstance(one, Shape):
                    yield one.pattern
                for part in one if isinstance(one, tuple) else (one,):
                    if isinstance(part, re.Pattern) and name != "_WORD_BREAKS":
                        yield part


def test_pattern_repetitions_are_bounded() -> None:
    """An unbounded `*` or `+` could make a search quadratic."""
    unbounded = []
    for pattern in patterns():
        without_classes = re.sub(r"\\.", "x", pattern.pattern)
        without_classes = re.sub(r"\[\^?\]?[^\]]*\]", "x", without_classes)
        if re.search(r"(?<!\})[*+](?![+])|\{\d+,\}", without_classes):
            unbounded.append(pattern.pattern)
    assert not unbounded
    assert len(list(patterns())) > 200


def test_rules_version_is_set() -> None:
    assert RULES_VERSION >= 2


@pytest.mark.parametrize("row", ["pattern = 'a'\nmatch_cases = true", "pattern = '{start}a'"])
def test_shape_that_would_search_less_or_slower_is_refused(row: str) -> None:
    with pytest.raises(ValueError, match="is named"):
        read_shapes(PatternFile(f"[[rows]]\n{row}"), "rows", {None: lambda _candidate: True})
