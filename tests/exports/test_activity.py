"""Logs and requests in an export, above all of a result without errors."""

import json
import re
from dataclasses import replace

import pytest

from apps.events.answer import Answer, CatalogEntry, KnownErrors, KnownMatch, RelatedData
from apps.events.observations import BY_TRACE
from apps.exports import Format, render
from tests.exports.answers import MARKER, MOMENT, afternoon, answer, quiet

pytestmark = pytest.mark.usefixtures("one_request")

FORMATS: tuple[Format, ...] = ("markdown", "json", "text")
REFUSED = "The upload was refused: too large."


def exported(result: Answer, kind: Format, budget: int | None = None, **more: str) -> str:
    return render(result, format=kind, marker=MARKER, budget=budget, **more).text  # type: ignore[arg-type]


def beside(result: Answer, budget: int | None = None) -> list[dict[str, object]]:
    return list(json.loads(exported(result, "json", budget))["beside"])


def test_a_result_without_errors_says_what_was_seen_instead() -> None:
    for kind in ("markdown", "text"):
        text = exported(quiet(), kind)
        assert "No errors, but the upload was refused: too large." in text
        assert f"14:05:00Z (+0 s): {REFUSED}" in text
        assert (
            "14:05:00Z (+0 s) span 413 failed_precondition: POST /claims/77/upload; took 4180 ms; "
            "project office; op http.server; transaction /claims/{id}/upload; "
            f"release office@3.19.5; url.scheme https; trace {'e' * 32}; id {'1' * 16}"
        ) in text
        assert (
            "log warn: 31 MB is more than the limit of 10 MB; project office; limit 10485760"
            in text
        )
        assert "span 200 ok: GET /claims; took 900 ms; usually 870 ms; project office" in text
        assert "There were no errors" not in text


def test_our_sentences_are_outside_of_what_was_recorded() -> None:
    text = exported(quiet(), "markdown")
    ours = re.sub(r"(?s)```recorded\n.*?\n```", "", text)
    assert REFUSED in ours
    assert not any(word in ours for word in ("/claims", "31 MB", "10485760", "office@"))


def test_json_has_every_row_with_keys_of_its_own() -> None:
    refused, log, *others = beside(quiet(), None)
    headline = json.loads(exported(quiet(), "json"))["headline"]
    assert headline == "No errors, but the upload was refused: too large."
    assert refused == {
        "kind": "span",
        "id": "1" * 16,
        "timestamp": "2026-11-20T14:05:00Z",
        "project": "office",
        "text": "POST /claims/77/upload",
        "permalink": None,
        "state": "413 failed_precondition",
        "duration_ms": 4180,
        "trace_id": "e" * 32,
        "names_customer": True,
        "details": [
            ["op", "http.server"],
            ["transaction", "/claims/{id}/upload"],
            ["release", "office@3.19.5"],
            ["url.scheme", "https"],
        ],
        "sentence": REFUSED,
        "times": 1,
    }
    assert (log["kind"], log["state"], log["names_customer"]) == ("log", "warn", False)
    assert "sentence" not in log
    assert [row["usual_ms"] for row in others] == [870] * 3


@pytest.mark.parametrize("kind", FORMATS)
def test_ordinary_rows_are_left_out_first_and_counted(kind: Format) -> None:
    for budget in (400, 4000):
        export = render(quiet(300), format=kind, marker=MARKER, budget=budget)
        assert export.tokens <= budget
        assert "POST /claims/77/upload" in export.text
        assert sum(row["count"] for row in _omitted(export.text, kind)) > 200, budget
    everything = exported(quiet(300), kind)
    assert everything.count("GET /claims") == 300


def _omitted(text: str, kind: Format) -> list[dict[str, int]]:
    """Return the omissions of ordinary rows, or of all rows in one sum."""
    if kind == "json":
        rows = json.loads(text)["omitted"]
        return [one for one in rows if one["what"].startswith(("ordinary", "other items"))]
    found = re.findall(r"(?:ordinary log entries and requests|other items) (\d+)", text)
    return [{"count": int(count)} for count in found]


def test_errors_come_before_logs_and_requests_in_a_small_limit() -> None:
    both = replace(afternoon(), beside=quiet(300).beside)
    whole, small = exported(both, "markdown", 8000), exported(both, "markdown", 700)
    assert whole.index("PaymentDeclined") < whole.index("# Logs and requests")
    assert "PaymentDeclined" in small
    assert "GET /claims" not in small
    assert "There were no errors" not in whole


def test_a_problem_alone_is_exported_without_logs_and_requests() -> None:
    both = replace(afternoon(), beside=quiet().beside)
    assert "Logs and requests" not in exported(both, "markdown", issue_id="9001")


def test_a_row_that_only_a_trace_links_to_the_customer_says_so() -> None:
    first, *others = afternoon().events
    events = (replace(first, trace_id="e" * 32, timestamp=MOMENT), *others)
    for is_named in (True, False):
        refused = replace(quiet().beside.spans[0], names_customer=is_named)
        both = replace(afternoon(), events=events, beside=RelatedData(spans=(refused,)))
        text = exported(both, "markdown")
        assert REFUSED in text
        assert (BY_TRACE in text) != is_named


def test_a_known_error_is_shown_with_what_it_matches() -> None:
    entry = CatalogEntry(
        "large-photo", "Photos over 10 MB", "The limit is 10 MB.", "Use a smaller one."
    )
    match = KnownMatch(entry, "1" * 16, ("the request contains “upload 413”",))
    known = replace(quiet(), known=KnownErrors((match,)))
    text = exported(known, "markdown")
    assert text.index(REFUSED) < text.index("known error large-photo") < text.index("span 413")
    assert "tell the customer: Use a smaller one." in text
    shown = json.dumps(beside(known)[0]["known"])
    assert '"slug": "large-photo"' in shown
    assert '"fix": "Not fixed yet, and no date is known."' in shown


def test_nothing_is_added_where_logs_and_requests_were_not_asked_for() -> None:
    text = exported(answer(), "markdown")
    assert "There were no errors for this customer in this window." in text
    assert "Logs and requests" not in text
