"""Logs and spans in the events table, and the names of their attributes."""

from datetime import timedelta
from typing import Any

import pytest

from apps.demo.world import World
from tests.demo.conftest import NOON, Api
from tests.demo_sentry import DemoSentry

ADA = {"id": "7", "email": "Ada@Example.com", "username": "ada", "ip_address": "192.0.2.1"}
TRACE, OTHER_TRACE = "a" * 32, "b" * 32


def add_all(world: World) -> None:
    """Add two logs and three spans, of Ada and of nobody."""
    world.add_log(NOON, "Saved", user=ADA, trace=TRACE, attributes={"lines": 3, "plan": "pro"})
    world.add_log(NOON + timedelta(milliseconds=1), "Disk full", "error", trace=TRACE)
    page: dict[str, Any] = {"transaction": "/cart", "is_transaction": True}
    world.add_span(NOON, 1500.5, "http.server", "/cart", user=ADA, http_status=413, **page)
    world.add_span(NOON, 300, "http.server", "/cart", trace=OTHER_TRACE, **page)
    world.add_span(NOON, 20, "db", "SELECT 1", trace=OTHER_TRACE, transaction="/cart")


def messages(api: Api, dataset: str, query: str, **params: Any) -> list[str]:
    """Return the sorted messages of the rows that are found."""
    field = ["message", "timestamp"] if dataset != "spans" else ["span.description"]
    answer = api.table(query, **{"dataset": dataset, "field": field, **params})
    assert answer.status_code == 200, answer.text
    return sorted(row[field[0]] for row in answer.json()["data"])


def test_logs_and_spans_are_searched_as_sentry_does(api: Api, world: World) -> None:
    add_all(world)
    both, pages = ["Disk full", "Saved"], ["/cart", "/cart"]
    any_case = {"caseInsensitive": "1"}
    world.add_log(NOON, "Zoë", user={"id": "ZOË-1"}, project="other")
    rows: list[tuple[str, str, dict[str, str], list[str]]] = [
        ("logs", "project:web", {}, both),
        ("logs", "user.id:zoË-1", any_case, ["Zoë"]),
        ("logs", "user.id:zoë-1", any_case, []),
        ("logs", "user.id:zoë*", any_case, []),
        ("ourlogs", "user.id:7", {}, ["Saved"]),
        ("logs", 'user.id:7 OR user.email:"x@example.com"', {}, ["Saved"]),
        ("logs", 'user.email:"ada@example.com"', {}, []),
        ("logs", 'user.email:"ada@example.com"', any_case, ["Saved"]),
        ("logs", 'user.email:"ada@*"', {}, []),
        ("logs", 'user.email:"ada@*"', any_case, ["Saved"]),
        ("logs", "user.name:ada", {}, ["Saved"]),
        ("logs", "user.username:ada", {}, []),
        ("logs", f"trace:[{TRACE},{OTHER_TRACE}]", {}, both),
        ("logs", "severity:[warn,error]", {}, ["Disk full"]),
        ("logs", "!has:user.id", {}, ["Disk full"]),
        ("logs", "plan:pro", {}, ["Saved"]),
        ("logs", "lines:3", {}, []),
        ("logs", "tags[lines,number]:3", {}, ["Saved"]),
        ("logs", "message:Saved", {}, ["Saved"]),
        ("logs", "message:Save", {}, []),
        ("spans", "user.username:ada is_transaction:true", {}, ["/cart"]),
        ("spans", "is_transaction:true", {}, pages),
        ("spans", "is_transaction:1 trace:" + OTHER_TRACE, {}, ["/cart"]),
        ("spans", "span.op:db", {}, ["SELECT 1"]),
        ("spans", "span.status:failed_precondition span.status_code:413", {}, ["/cart"]),
        ("spans", "span.duration:[300, 1500.5]", {}, pages),
    ]
    for dataset, query, params, expected in rows:
        assert messages(api, dataset, query, **params) == expected, query


def test_errors_logs_and_spans_are_apart(api: Api, world: World) -> None:
    add_all(world)
    event = world.add_event(timestamp=NOON, user_id="7")
    assert api.found("user.id:7") == {event.id}
    assert messages(api, "logs", "user.id:7") == ["Saved"]


def test_rows_hold_what_is_asked_for_and_what_sentry_adds(api: Api, world: World) -> None:
    add_all(world)
    fields = ["message", "timestamp", "lines", "tags[lines,number]", "unknown"]
    [row] = api.table("user.id:7", dataset="logs", field=fields).json()["data"]
    assert row == {
        "message": "Saved",
        "timestamp": "2026-11-23T12:00:00+00:00",
        "timestamp_precise": int(NOON.timestamp()) * 10**9,
        "lines": None,
        "tags[lines,number]": 3,
        "unknown": None,
    }
    answer = api.table("user.id:7", dataset="spans", field=["span.duration", "span.status"]).json()
    [row] = answer["data"]
    assert (row["span.duration"], row["span.status"]) == (1500.5, "failed_precondition")
    assert set(row) == {"span.duration", "span.status", "id", "project.name"}
    assert len(row["id"]) == 16


def test_functions_summarize_the_rows_of_a_group(api: Api, world: World) -> None:
    add_all(world)
    fields = ["transaction", "count()", "p50(span.duration)"]
    answer = api.table("is_transaction:true", dataset="spans", field=fields).json()
    expected = {"count()": 2, "p50(span.duration)": 900.25}
    assert answer["data"] == [{"transaction": "/cart", **expected}]
    none = api.table("span.op:x", dataset="spans", field=["count()", "p50(span.duration)"]).json()
    assert none["data"] == [{"count()": 0, "p50(span.duration)": None}]


def test_logs_are_sorted_by_their_precise_time_and_paged(api: Api, world: World) -> None:
    add_all(world)
    params: dict[str, Any] = {"dataset": "logs", "field": ["message", "timestamp"], "per_page": 1}
    first = api.table(sort="-timestamp", **params)
    assert [row["message"] for row in first.json()["data"]] == ["Disk full"]
    assert 'rel="next"; results="true"' in first.headers["Link"]
    second = api.table(sort="-timestamp", cursor="0:1:0", **params)
    assert [row["message"] for row in second.json()["data"]] == ["Saved"]
    assert 'rel="next"; results="false"' in second.headers["Link"]


@pytest.mark.parametrize(
    ("params", "detail"),
    [
        ({"dataset": "tracemetrics"}, "dataset must be one of"),
        ({"field": ["nonsense(span.duration)"]}, "Unknown function nonsense"),
        ({"sort": "-severity"}, "Cannot sort by a field that is not selected."),
        ({"query": "trace:nope"}, "`trace` must be a valid UUID hex"),
        ({"query": "id:nope"}, "`id` must be a valid UUID hex"),
        ({"query": "tags[lines,number]:many"}, "Invalid number"),
        ({"per_page": 10_000}, "Must be between 1 and 9999."),
    ],
)
def test_bad_questions_are_refused(
    api: Api, world: World, params: dict[str, Any], detail: str
) -> None:
    add_all(world)
    answer = api.table(**{"dataset": "logs", **params})
    assert (answer.status_code, detail in answer.json()["detail"]) == (400, True), answer.text


def test_an_older_server_has_no_logs_or_another_name_for_them(api: Api, demo: DemoSentry) -> None:
    demo.settings.datasets = ["errors", "ourlogs"]
    answers = [api.table(dataset=name).status_code for name in ("logs", "ourlogs", "spans")]
    assert answers == [400, 200, 400]
