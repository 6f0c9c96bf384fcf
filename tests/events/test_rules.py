"""Test that every rule matches its example first, in plain words."""

import re
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.events import patterns
from apps.events.event import Event, EventBody, ExceptionInfo, Frame
from apps.events.rules.engine import all_rules, rule_for, rules_in
from apps.events.rules.rule import Example, Side, UserAction, side_of, symptoms_of
from apps.events.summary import is_specific, summarize
from apps.sentry.parsing import parse_full_event
from tests import samples
from tests.events.readability import grade, syllables

WHEN = datetime(2026, 11, 20, tzinfo=UTC)
JARGON = re.compile(
    r"exception|\bnull\b|\bnil\b|undefined|\berror|server error|\bcode [0-9]|database|deadlock"
    r"|time-?out|token|\bapi\b|\bhttp|\bdns\b|\bssl\b|\btls\b|socket|json|\bxml\b|parse|pars|syntax"
    r"|query|queries|\bsql\b|stack|thread|script|variable|function|runtime|module|\bcache|request"
    r"|response|endpoint|certificate|payload|session|cookie|backend|frontend|client|null"
    r"|pointer|crash dump|exit|kernel|queue|pool|regex|config|deploy|render|hydrat|[_{}<>`\"]"
    r"|[0-9]",
    re.IGNORECASE,
)
MAX_TYPES = 5  # a kind of failure has about one name per language; unrelated ones have more


def event_of(example: Example, *, body: bool = True) -> Event:
    """Return the event of an example, with an exception if its title starts with a type."""
    kind, _, value = example.title.partition(": ")
    raised = " " not in kind and example.message is None
    functions = (Frame(function=example.function),) if example.function else ()
    return Event(
        id="a" * 32,
        timestamp=WHEN,
        title=example.title,
        message=example.message,
        platform=example.platform,
        body=EventBody(
            exceptions=(ExceptionInfo(kind, value, frames=functions),) if raised else (),
            tags=(("mechanism", example.mechanism),) if example.mechanism else (),
        )
        if body
        else None,
    )


SENTENCES = sorted({rule.sentence_for(side) for rule in all_rules() for side in Side})


def known_events() -> list[Event]:
    """Return the sample events that rules can be written from."""
    parsed = (parse_full_event(samples.load(name), ("user.id",)) for name in samples.known())
    return [event for event in parsed if event]


def test_rule_matches_its_example() -> None:
    wrong = []
    for rule in all_rules():
        found = rule_for(event_of(rule.example))
        if found is not rule:
            wrong.append(f"{rule.sentence} -> {found and found.sentence}")
    assert not wrong, "\n".join(wrong)


def test_sentence_is_plain() -> None:
    wrong = [
        sentence
        for sentence in SENTENCES
        if grade(sentence) > 8
        or len(sentence) > 110
        or JARGON.search(sentence)
        or not re.fullmatch(r"[A-Z][A-Za-z ,'-]{10,}\.", sentence)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("action", UserAction)
def test_user_action_is_plain(action: UserAction) -> None:
    assert grade(f"While {action.value}: our server was down.") <= 8
    assert not JARGON.search(action.value)


def test_sentences_are_unique() -> None:
    assert len({rule.sentence for rule in all_rules()}) == len(all_rules())


@pytest.mark.parametrize(
    ("word", "count"),
    [("the", 1), ("server", 2), ("declined", 2), ("customer", 3), ("page", 1), ("table", 2)],
)
def test_syllables_are_counted(word: str, count: int) -> None:
    assert syllables(word) == count


def test_nearly_all_known_samples_are_specific() -> None:
    events = known_events()
    assert sum(map(is_specific, events)) >= 0.95 * len(events)


def test_sentence_covers_few_exception_types() -> None:
    types: dict[str, set[str]] = defaultdict(set)
    for event in known_events():
        rule = rule_for(event)
        raised = event.body.exceptions[0] if event.body and event.body.exceptions else None
        if rule and not rule.broad:
            types[rule.sentence_for(side_of(event))].add(raised.type or "" if raised else "")
    assert max(map(len, types.values())) <= MAX_TYPES


def test_pattern_is_bounded_and_lowercase() -> None:
    wrong = []
    for pattern in sorted({p for r in all_rules() for p in (r.text, r.calls, r.files) if p}):
        bare = re.sub(r"\\.|\[(?:\\.|[^\]\\])+\]", "", pattern)
        if re.search(r"[*+]|\{\d+,\}|[A-Z]", bare):
            wrong.append(pattern)
        re.compile(pattern)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("txet = 'boom'", "unknown key txet"),
        ("slight = 'yes'", "slight has to be a bool"),
        ("sides = 'server'", "sides has to be a list"),
        ("sides = ['moon']", "moon is not a Side"),
        ("place = 'moon'", "moon is not a Place"),
        ("text = 'boom {moon}'", "no part is named moon"),
        ("example.titel = 'Error'", "titel"),
    ],
)
def test_wrong_rule_is_named(line: str, wrong: str) -> None:
    rule = "[[server.rules]]\nsentence = 'It broke.'\nexample.title = 'Error'\n"
    assert rules_in(f"{rule}text = 'boom'")["server"][0].text == "boom"
    with pytest.raises(ValueError, match=rf"'It broke\.': .*{wrong}"):
        rules_in(f"{rule}{line}")


def test_rule_without_example_is_named() -> None:
    with pytest.raises(ValueError, match=r"'It broke\.': .*example"):
        rules_in("[[server.rules]]\nsentence = 'It broke.'")


def test_pattern_has_no_blank_beside_a_line_break() -> None:
    for file in Path(patterns.__file__).parent.rglob("*.toml"):
        assert not re.search(r"[ \t]\n|\n[ \t]+\|", file.read_text()), file.name


def test_title_alone_is_enough() -> None:
    row = event_of(Example("ReadTimeout: api.stripe.com: Read timed out."), body=False)
    assert summarize(row) == "The payment service did not answer in time."


def test_symptom_line_is_bounded() -> None:
    event = Event(id="a" * 32, timestamp=WHEN, title="x" * 5000, message="y" * 5000)
    assert max(len(symptom.line) for symptom in symptoms_of(event)) <= 700


@pytest.mark.parametrize(
    ("title", "platform", "wrong"),
    [
        ("CarrierBusyException: the parcel service is busy", "php", "data store"),
        ("OperationalError: lock timeout on table payments", "python", "payment service"),
        ("QueryCanceled: statement timeout: UPDATE payments", "python", "payment service"),
        ("panic: internal error: entered unreachable code", "rust", "another service"),
        ("RuntimeError: gift certificate is used up", "python", "real one"),
        ("RuntimeError: lettuce is redistributed", "python", "memory"),
        ("ValueError: frozen peas", "python", "cannot be changed"),
        ("PurchaseError: purchase order cancellation failed", "python", "window"),
        ("TypeError: Failed to execute 'setTimeout' on 'Window'", "javascript", "in time"),
        ("RuntimeError: e-mail already sent", "python", "already an account"),
        ("RuntimeError: corporate limit", "python", "too often"),
        ("RuntimeError: insurance broker is unknown", "python", "another part"),
        ("HttpException: HTTP 401 Unauthorized", "android", "connection was lost"),
        ("NotAllowedError: Permission denied", "javascript", "files"),
        ("HttpErrorResponse: /search: 504 Gateway Timeout", "javascript", "customer"),
        ("Error: Invalid login: 535-5.7.8 not accepted", "node", "name or password"),
        ("ResponseValidationError: 1 validation error", "python", "entered"),
        ("ClientException: a `422 Unprocessable Entity` response", "php", "entered"),
        ("ThrottleRequestsException: Too Many Attempts.", "php", "Another service"),
        ("JWSSignatureVerificationFailed: signature verification failed", "node", "notice"),
        ("MaxRetriesPerRequestError: max retries per request limit", "node", "too often"),
        ("PlatformException: PlatformException(sign_in_failed, 10)", "dart", "device"),
        ("Fatal Error: GPU has crashed or was reset", "native", "should never reach"),
        ("FormatException: odd", "dart", "entered"),
        ("HTTPError: Response code 403 (Forbidden)", "node", "customer"),
        ("GraphqlQueryError: Throttled", "node", "tries"),
        ('BadSignature: Signature "x" does not match', "python", "another service"),
        ("PlatformException: PlatformException(network_error, 7)", "dart", "part of the"),
        ('UndefinedTable: relation "shop_voucher" does not exist', "python", "coupon"),
        ("ResourceNotFound: the server responded with status 404", "ruby", "by its name"),
        ("LinkError: password reset link has expired", "python", "set a new one"),
        ("ClientError: (ExpiredToken) when calling the GetObject operation", "python", "sign in"),
        ("NFCError: Session invalidated", "cocoa", "sign in"),
        ("FileExistsError: [Errno 17] File exists: '/srv/out.pdf'", "python", "document"),
        ("RangeError: Invalid status code: undefined", "node", "at that point"),
        ("Error: Mail command failed: 421 4.7.0 Try again later", "node", "Another program"),
        ("NotRegistered: 'shop.tasks.send'", "python", "alert"),
        ("UploadError: upload failed", "javascript", "could not reach"),
        ("NotAllowed: driving license has expired", "python", "current plan"),
        ("ValidationError: plan is required", "python", "current plan"),
        ("Error: User closed the window", "javascript", "locked"),
        ("Error: user has blocked notices", "javascript", "locked"),
        ("AuthenticationError: Error code: 401 - Incorrect API key", "python", "signed in"),
        ("AuthenticationException: The remote certificate is invalid", "csharp", "signed in"),
        ("ErrorException: Detected an illegal character in input string", "php", "number"),
        ("HttpError: <HttpError 403: The caller does not have permission>", "python", "customer"),
        ("Error: export 'default' was not found in './x'", "javascript", "exported"),
        ("Error: async import error", "node", "brought in"),
        ("Error: invoice is shown", "javascript", "invoice"),
        ("SSLException: Chain validation failed", "android", "entered"),
        ("AuthError: Digest authentication failed", "python", "arrive"),
        ("ClientError: not authorized to perform: ses:SendEmail", "python", "customer"),
        ("PageCheckError: page check failed", "python", "age"),
        ("Error: boom at app.js:412:13", "javascript", "accept"),
        ("Error: Update server not available", "node", "taken"),
        ("Exception: Kein Drucker gefunden", "csharp", "data store"),
        ("CredentialUnavailable: managed identity token request failed", "python", "identity"),
    ],
)
def test_misleading_word_does_not_match(title: str, platform: str, wrong: str) -> None:
    assert wrong not in summarize(event_of(Example(title, platform)))
