"""Event bodies of any shape are parsed without errors or losses."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.sentry.parsing import parse_body, parse_full_event, parse_issue, parse_project, parse_row

EVENT_ID = "7ca573c0f4814912aaa9bdc77d1a7d51"
FIELDS = ("user.id", "user.email", "tags[account_id]")


def exception(*values: Any) -> dict[str, Any]:
    return {"entries": [{"type": "exception", "data": {"values": list(values)}}]}


def test_raised_exception_comes_before_its_cause() -> None:
    body = parse_body(exception({"type": "Cause"}, None, {"type": "Raised"}))
    assert [error.type for error in body.exceptions] == ["Raised", "Cause"]


def test_crash_site_comes_first_with_its_code() -> None:
    frames = [
        {"filename": "main.py", "lineNo": 1, "inApp": True},
        {
            "filename": "pay.py",
            "lineNo": 118,
            "inApp": True,
            "context": [[117, "try:"], [118, "  charge()"], None, [119]],
        },
    ]
    body = parse_body(exception({"type": "E", "stacktrace": {"frames": frames}}))
    frame = body.exceptions[0].crash_frame
    assert frame is not None
    assert (frame.file, frame.crash_code) == ("pay.py", "  charge()")


def test_frame_is_of_unknown_origin_unless_the_sdk_says_so() -> None:
    frames: list[dict[str, object]] = [{"inApp": True}, {"inApp": False}, {"inApp": None}, {}]
    body = parse_body(exception({"type": "E", "stacktrace": {"frames": frames}}))
    assert [frame.in_app for frame in body.exceptions[0].frames] == [None, None, False, True]


def test_crashed_thread_replaces_a_missing_stack() -> None:
    threads = [
        {"id": 1, "current": True, "stacktrace": {"frames": [{"filename": "idle.c"}]}},
        {"id": 2, "crashed": True, "stacktrace": {"frames": [{"filename": "crash.c"}]}},
    ]
    raw = exception({"type": "SIGSEGV", "stacktrace": None})
    raw["entries"].append({"type": "threads", "data": {"values": threads}})
    assert parse_body(raw).exceptions[0].frames[0].file == "crash.c"


def test_request_lists_of_pairs_are_parsed() -> None:
    data = {
        "method": "POST",
        "url": "https://x.example/pay",
        "query": [["a", "1"], ["b", None]],
        "headers": [["Accept", "text/html"]],
        "data": '{"password": "x"}',
    }
    request = parse_body({"entries": [{"type": "request", "data": data}]}).request
    assert request is not None
    assert request.query == (("a", "1"), ("b", ""))
    assert request.data == {"password": "x"}


def test_breadcrumbs_keep_the_sdks_data() -> None:
    crumb = {"category": "xhr", "data": {"method": "POST", "url": "/pay", "status_code": 500}}
    body = parse_body({"entries": [{"type": "breadcrumbs", "data": {"values": [crumb, None]}}]})
    assert [crumb.data["status_code"] for crumb in body.breadcrumbs] == [500]


@pytest.mark.parametrize(
    ("value", "handled"),
    [
        (True, True),
        (0, False),
        ("no", False),
        ([1, 0], False),
        ([True], True),
        (None, None),
        ([], None),
        ("maybe", None),
    ],
)
def test_handled_has_three_states(value: object, handled: bool | None) -> None:
    raw = {"id": EVENT_ID, "timestamp": "2026-11-20T14:05:00+00:00", "error.handled": value}
    event = parse_row(raw, FIELDS)
    assert event is not None
    assert event.handled is handled


def test_row_without_id_or_time_is_not_an_event() -> None:
    assert parse_row({"id": EVENT_ID}, FIELDS) is None
    assert parse_row({"timestamp": "2026-11-20T14:05:00Z"}, FIELDS) is None


def test_malformed_tags_are_dropped() -> None:
    tags = [{"key": None, "value": "x"}, {"key": "url", "value": None}, None, {"key": "a"}]
    assert parse_body({"tags": tags}).tags == (("url", ""), ("a", ""))


def test_evidence_replaces_a_missing_stack() -> None:
    shown = [{"name": "Selector Path", "value": "form > button.pay", "important": True}, None, {}]
    click = parse_body({"occurrence": {"subtitle": "button.pay", "evidenceDisplay": shown}})
    assert (click.message, click.extra) == ("button.pay", {"Selector Path": "form > button.pay"})
    policy = {"effective_directive": "font-src", "blocked_uri": "https://x.example", "line": None}
    report = parse_body({"entries": [{"type": "csp", "data": policy}], "context": {"own": 1}})
    assert report.extra == {
        "effective_directive": "font-src", "blocked_uri": "https://x.example", "own": 1,
    }  # fmt: skip


FRAME = {"filename": "src/Confirm.php", "function": "confirm", "lineNo": 88}
STACK = {"frames": [{"filename": "index.php", "lineNo": 1}, FRAME]}
HASH = "c0ffee00-0000-4000-8000-000000000001"


def test_entries_of_every_type_are_read() -> None:
    """Each row: an entry or another part of the body, and where its facts come out."""
    places = {
        "frame": lambda body: body.exceptions[0].frames[0].file,
        "message": lambda body: body.message,
        "url": lambda body: body.request.url,
        "extra": lambda body: body.extra,
        "lists": lambda body: body.lists,
        "unread": lambda body: body.unread,
        "contexts": lambda body: body.contexts,
    }
    thread = {"id": 4, "name": "main", "current": True, "stacktrace": STACK}
    span = {"op": "db", "start_timestamp": 10.0, "timestamp": 10.5, "description": "SELECT  1"}
    spans = {"spans": "db 500 ms SELECT 1"}
    image = {"type": "macho", "code_file": "/lib/pay.dylib", "debug_id": HASH}
    found = {"issueTitle": "N+1 Query", "subtitle": "repeated 25 times"}
    evidence = {"evidenceDisplay": [{"name": "Query", "value": "SELECT 1"}]}
    rows: tuple[tuple[dict[str, Any] | str, object, str, object], ...] = (
        ("stacktrace", STACK, "frame", "src/Confirm.php"),
        ("exception", {"values": [{"rawStacktrace": STACK}]}, "frame", "src/Confirm.php"),
        ("template", {"filename": "cart.html", "lineNo": 3}, "frame", "cart.html"),
        ("threads", {"values": [thread]}, "frame", "src/Confirm.php"),
        ("threads", {"values": [thread]}, "lists", {
            "threads": "4 main current: src/Confirm.php:88 confirm",
        }),
        ("message", {"formatted": "2 of 3"}, "message", "2 of 3"),
        ("message", {"message": "%s", "params": ["a"]}, "extra", {"message parameters": ["a"]}),
        ("message", {"message": "a", "params": {"x": "a"}}, "extra", {}),
        ("csp", {"line_number": 4, "referrer": None}, "extra", {"line_number": 4}),
        ("hpkp", {"known_pins": ["x"], "port": 0}, "extra", {"known_pins": ["x"], "port": 0}),
        ("expectct", {"hostname": "h"}, "extra", {"hostname": "h"}),
        ("expectstaple", {"cert_status": "REVOKED"}, "extra", {"cert_status": "REVOKED"}),
        ("nel", {"body": {"phase": "dns"}}, "extra", {"body": {"phase": "dns"}}),
        ("spans", [span, None], "lists", spans),
        ("spans", {"spans": [span]}, "lists", spans),
        ("debugmeta", {"images": [image]}, "lists", {
            "debug images": f"/lib/pay.dylib macho {HASH}",
        }),
        ("request", {"env": {"SERVER_PORT": "80"}}, "contexts", {
            "request environment": {"SERVER_PORT": "80"},
        }),
        ("request", {"url": "https://x.example/", "fragment": "/pay"}, "url", "https://x.example/#/pay"),
        ("hologram", {"depth": 3}, "unread", {"entries of the type hologram": 1}),
        ({"crashFile": {"id": "1"}}, None, "unread", {"crash files": 1}),
        ({"occurrence": found}, None, "message", "N+1 Query: repeated 25 times"),
        ({"occurrence": found, "title": "N+1 Query"}, None, "message", "repeated 25 times"),
        ({"occurrence": found, "message": "m"}, None, "extra", {
            "occurrence": "N+1 Query: repeated 25 times",
        }),
        ({"occurrence": evidence}, None, "extra", {"Query": "SELECT 1"}),
        ({"occurrence": {"evidenceData": {"op": "db", "no": None}}}, None, "extra", {"op": "db"}),
        ({"packages": {"django": "4.2"}}, None, "lists", {"packages": "django 4.2"}),
        ({"errors": [{"type": "js_no_source", "message": "Gone"}]}, None, "lists", {
            "problems reported by Sentry": "js_no_source Gone",
        }),
        ({"userReport": {"comments": "It\nfroze"}}, None, "lists", {"user report": "It froze"}),
        ({"sdk": {"name": "sentry.php", "version": "4"}}, None, "contexts", {
            "sdk": {"name": "sentry.php", "version": "4"},
        }),
    )  # fmt: skip
    for sent, data, place, expected in rows:
        raw = sent if isinstance(sent, dict) else {"entries": [{"type": sent, "data": data}]}
        assert places[place](parse_body(raw)) == expected, f"{sent} {data}"


def test_second_stack_trace_and_long_lists_are_not_dropped() -> None:
    raw = exception({"type": "E", "stacktrace": {"frames": [{"filename": "a.py"}]}})
    raw["entries"] += [{"type": "stacktrace", "data": STACK}, {"type": "spans", "data": []}]
    raw["packages"] = {f"p{number}": "1" for number in range(130)}
    body = parse_body(raw)
    assert body.exceptions[0].frames[0].file == "a.py"
    assert body.lists["stack trace"] == "src/Confirm.php:88 confirm\nindex.php:1"
    assert body.unread == {"packages": 30}


def test_mechanism_and_time_of_receipt_are_read() -> None:
    raw = exception({"type": "E", "mechanism": {"type": "onerror", "handled": False}})
    body = parse_body({**raw, "dateReceived": "2026-11-20T14:05:00Z"})
    assert (body.exceptions[0].mechanism, body.exceptions[0].handled) == ("onerror", False)
    assert body.received_at == datetime(2026, 11, 20, 14, 5, tzinfo=UTC)


def test_permalink_must_be_http() -> None:
    issue = parse_issue({"id": "1", "permalink": "javascript:alert(1)"})
    assert issue is not None
    assert issue.permalink is None


KEYS = st.sampled_from(
    [
        *("id", "eventID", "timestamp", "dateCreated", "issue.id", "groupID", "title", "level"),
        *("entries", "type", "data", "values", "value", "stacktrace", "frames", "context", "vars"),
        *("lineNo", "inApp", "mechanism", "handled", "tags", "key", "user", "contexts", "trace"),
        *("breadcrumbs", "message", "formatted", "request", "headers", "query", "url", "release"),
        *("user.id", "user.email", "tags[account_id]", "error.handled", "trace_id", "threads"),
        *("spans", "template", "images", "occurrence", "evidenceDisplay", "params", "packages"),
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["exception", "threads", "request", "breadcrumbs", "message", EVENT_ID]),
    st.sampled_from(["stacktrace", "template", "spans", "debugmeta", "csp", "nel", "unheard of"]),
    st.sampled_from(["2026-11-20T14:05:00Z", "yes", "1", "None"]),
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=40,
)


@given(JSON)
def test_parser_accepts_any_json(body: object) -> None:
    for parse in (parse_body, parse_issue, parse_project):
        parse(body)
    assert parse_row(body, FIELDS) is None or isinstance(body, dict)
    parse_full_event(body, FIELDS)
    typed = {"eventID": EVENT_ID, "dateCreated": "2026-11-20T14:05:00Z"}
    event = parse_full_event({**(body if isinstance(body, dict) else {}), **typed}, FIELDS)
    assert event is not None
    assert event.id == EVENT_ID


def test_nested_and_long_lists_are_cut_and_counted() -> None:
    nested: object = "deep"
    for _ in range(600):
        nested = [nested]
    raised = {"values": [{"mechanism": {"handled": nested}}]}
    said = {"message": "%s", "params": [f"p{number}" for number in range(150)]}
    entries = [{"type": "exception", "data": raised}, {"type": "message", "data": said}]
    body = parse_body({"tags": [["a", nested]], "user": {"x": nested}, "entries": entries})
    assert body.tags == (("a", "<too deep>"),)
    assert body.handled is None
    assert body.extra["message parameters"] == [f"p{number}" for number in range(100)]
    assert body.unread == {"message parameters": 50}
