"""Logs and spans at the wire: what is asked, what a server may refuse, and whose rows count."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from apps.events.answer import Answer, RelatedData, Signal, UnreadSignal
from apps.events.query import DEFAULT_FIELDS, Question, Window
from apps.sentry.client import SentryClient
from apps.sentry.config import Flavor, SentryConfig
from apps.sentry.fetch import fetch_answer, fetch_related
from tests.conftest import MOMENT, NOW, question
from tests.sentry.conftest import API

T1, T2, T3 = ("a1" * 16, "b2" * 16, "c3" * 16)
ACTIVITY = (Signal.LOGS, Signal.SPANS)
CONFIG = SentryConfig(
    base_url="https://sentry.test",
    organization="acme",
    token="s3cr3t",
    flavor=Flavor.SENTRY,
    signals=ACTIVITY,
    signals_wait_s=5.0,
)

Row = dict[str, Any]
Refusal = Callable[[Mapping[str, list[str]]], tuple[int, str] | None]


def log(number: int, **columns: Any) -> Row:
    row = {"id": f"{number:032x}", "timestamp": f"{MOMENT:%Y-%m-%dT%H:%M:%S}+00:00"}
    return {**row, "severity": "warn", "message": f"log {number}", "trace": T1} | columns


def span(number: int, **columns: Any) -> Row:
    row = {"id": f"{number:016x}", "timestamp": f"{MOMENT:%Y-%m-%dT%H:%M:%S}+00:00"}
    return {**row, "span.op": "http.server", "span.duration": 12.5, "trace": T1} | columns


def event(number: int, **columns: Any) -> Row:
    row = {"id": f"{number:032x}", "timestamp": f"{MOMENT:%Y-%m-%dT%H:%M:%S}+00:00"}
    return {**row, "issue.id": 1, "project.name": "web", "trace": T1} | columns


_PROJECTS = [{"id": "1", "slug": "web"}]


@dataclass
class Table:
    """Answers for all of the organization's endpoints; the rows of a dataset are searched."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    refuse: Refusal = lambda _params: None
    page: int = 100
    scanned: str = "full"
    usual: list[Row] = field(default_factory=list)
    stray: list[Row] = field(default_factory=list)
    has_links: bool = True
    asked: list[dict[str, list[str]]] = field(default_factory=list)

    def answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        url = urlsplit(request.url or "")
        params = parse_qs(str(url.query), keep_blank_values=True)
        if not str(url.path).endswith("/acme/events/"):
            is_projects = str(url.path).endswith("/acme/projects/")
            return 200, {}, json.dumps(_PROJECTS if is_projects else [])
        self.asked.append(params)
        refused = self.refuse(params)
        if refused:
            is_page = refused[1].startswith("<")
            kind = {"Content-Type": "text/html"} if is_page else {}
            return refused[0], kind, refused[1] if is_page else json.dumps({"detail": refused[1]})
        (dataset,), (query,) = params["dataset"], params["query"]
        found = [row for row in self.rows.get(dataset, []) if _matches(row, query)]
        found = self.usual if "count()" in params["field"] else [*found, *self.stray]
        columns, first = params["field"], int(params.get("cursor", ["0"])[0])
        data = [
            {name: row.get(name) for name in columns} for row in found[first : first + self.page]
        ]
        after = first + self.page
        link = f'<x>; rel="next"; results="{str(after < len(found)).lower()}"; cursor="{after}"'
        body = {"data": data, "meta": {"dataScanned": self.scanned}}
        return 200, {"Link": link} if self.has_links else {}, json.dumps(body)

    def datasets(self) -> list[str]:
        return [params["dataset"][0] for params in self.asked]


def _matches(row: Row, query: str) -> bool:
    """Match what the searches here consist of: `name:"value"` and `name:value`, joined by OR."""
    clauses = re.findall(r'([\w.\[\],]+):(?:"([^"]*)"|(\w+))', query)
    return any(
        str(row.get(name) or "").removesuffix(".0").casefold()
        == (quoted or bare).rstrip("*").casefold()
        for name, quoted, bare in clauses
    )


@pytest.fixture
def table(wire: responses.RequestsMock) -> Table:
    """Serve an organization with one project."""
    table = Table()
    wire.get(f"{API}/organizations/acme/projects/", json=_PROJECTS)
    wire.add_callback(responses.GET, re.compile(f"{API}/.*"), table.answer)
    return table


def look_up(lookup: Question, config: SentryConfig = CONFIG) -> tuple[Answer, SentryClient]:
    client = SentryClient(config)
    try:
        return fetch_answer(client, lookup, projects=client.projects(), now=NOW), client
    finally:
        client.close()


def activity_of(identifier: str = "ana@x.org") -> RelatedData:
    return look_up(question(identifier))[0].beside


def numbers(rows: Iterable[Any]) -> list[int]:
    return [int(row.id, 16) for row in rows]


def test_rows_count_by_person_and_by_trace_and_no_one_elses(table: Table) -> None:
    """The traces are those of the customer's own rows, in either dataset."""
    table.rows = {
        "logs": [
            log(1, **{"user.email": "Ana@x.org"}),
            log(2, **{"user.email": "bob@x.org"}),
            log(3),
            log(4, trace=T2),
            log(5, trace=T3),
            log(6, trace=T3, **{"user.name": "ana@x.org"}),
        ],
        "spans": [
            span(1, trace=T2, **{"user.username": "ana@x.org"}),
            span(2, trace=T2, **{"user.id": "77"}),
            span(3, trace=T1),
            span(4, trace="d4" * 16),
        ],
    }
    beside = activity_of()
    assert numbers(beside.logs) == [1, 3, 4, 5, 6]
    assert numbers(row for row in beside.logs if row.names_customer) == [1, 6]
    assert numbers(beside.spans) == [1, 3]
    assert beside.spans[0].identities == (("user.username", "ana@x.org"),)
    assert (beside.asked, beside.surely) == (ACTIVITY, ACTIVITY)
    assert (beside.unread, beside.absent) == ((), ())


def test_rows_are_read_with_their_precise_time_and_their_status(table: Table) -> None:
    precise = MOMENT + timedelta(milliseconds=250)
    named = {"user.email": "ana@x.org", "project": "web", "release": "web@2"}
    table.rows = {
        "logs": [
            log(1, timestamp_precise=precise.timestamp() * 1e9, severity="error", **named),
            log(2, timestamp_precise=0, **named, **{"http.response.status_code": 502}),
        ],
        "spans": [
            span(
                1,
                **{**named, "span.status_code": "413", "is_transaction": True},
                **{"precise.start_ts": precise.timestamp(), "http.request.method": "PUT"},
                **{"transaction": "/upload", "span.status": "failed_precondition"},
            )
        ],
    }
    beside = activity_of()
    second, first = beside.logs
    assert (first.timestamp, first.severity, first.project) == (precise, "error", "web")
    assert second.timestamp == MOMENT
    assert second.attributes == (("http.response.status_code", "502"),)
    (found,) = beside.spans
    assert (found.started_at, found.duration_ms, found.http_status) == (precise, 12.5, 413)
    assert (found.is_segment, found.transaction, found.release) == (True, "/upload", "web@2")
    assert found.attributes == (("http.request.method", "PUT"),)


def test_an_older_name_of_the_dataset_is_found_once_and_remembered(table: Table) -> None:
    table.rows = {"ourlogs": [log(1, **{"user.email": "ana@x.org"})]}

    def refuse(params: Mapping[str, Sequence[str]]) -> tuple[int, str] | None:
        is_unknown = params["dataset"] == ["logs"]
        return (400, "dataset must be one of: errors, ourlogs, spans") if is_unknown else None

    table.refuse = refuse
    answer, client = look_up(question("ana@x.org"))
    assert numbers(answer.beside.logs) == [1]
    assert client.quirks[Signal.LOGS].dataset == "ourlogs"
    table.asked.clear()
    look_up(question("ana@x.org"), replace(CONFIG, quirks=tuple(client.quirks.items())))
    assert "logs" not in table.datasets()


@pytest.mark.parametrize(
    ("status", "detail", "is_remembered"),
    [
        (400, "dataset must be one of: discover, errors", True),
        (403, "You do not have permission to perform this action.", True),
        (404, "", True),
        (400, "Something about this search.", False),
    ],
)
def test_a_server_that_refuses_them_has_none_for_us(
    table: Table, status: int, detail: str, is_remembered: bool
) -> None:
    """It is neither nothing nor a failure, and asked again only if it may be about the search."""
    table.refuse = lambda params: (status, detail) if params["dataset"] != ["errors"] else None
    answer, client = look_up(question("ana@x.org"))
    assert answer.complete
    assert (answer.beside.surely, answer.beside.unread) == ((), ())
    assert [one.signal for one in answer.beside.absent] == [*ACTIVITY]
    assert "could not be read" in answer.beside.absent[0].message
    assert (set(client.absent_signals) == set(ACTIVITY)) is is_remembered


def test_columns_that_a_server_refuses_are_left_out(table: Table) -> None:
    """Then fields of the customer may be missing, so an empty list says nothing.

    Neither does that of the other kind, because traces may be missing.
    """

    def refuse(params: Mapping[str, Sequence[str]]) -> tuple[int, str] | None:
        asks = [*params["field"], *params["query"]]
        for name in ("user.username", "span.status_code"):
            if params["dataset"] == ["spans"] and any(name in one for one in asks):
                return 400, f"Unknown attribute: {name}"
        return None

    table.refuse = refuse
    table.rows = {"spans": [span(1, **{"user.id": "77"})]}
    answer, client = look_up(question("77"))
    assert numbers(answer.beside.spans) == [1]
    assert client.quirks[Signal.SPANS].refused == ("user.username", "span.status_code")
    assert answer.beside.surely == ()
    assert "some of the customer's fields" in answer.beside.unread[0].message


def test_with_errors_three_calls_are_made_and_search_the_traces_of_the_errors(
    table: Table,
) -> None:
    named = {"user.email": "ana@x.org"}
    table.rows = {
        "errors": [event(1, trace=T2, **named)],
        "logs": [log(1, **named), log(2, trace=T2)],
        "spans": [span(1, **named), span(2, trace=T2)],
    }
    answer, _client = look_up(question("ana@x.org"))
    assert numbers(answer.beside.logs) == [1, 2]
    assert numbers(answer.beside.spans) == [1, 2]
    assert answer.beside.calls == 3
    assert answer.beside.surely == ACTIVITY


def test_a_slow_request_is_compared_with_the_day_before(table: Table) -> None:
    """A few others don't tell what is usual, and another project's don't matter."""
    slow = {"is_transaction": True, "transaction": 'GET "x*"', "span.duration": 41_000.0}
    named = {"user.email": "ana@x.org", "project": "web"}
    table.rows = {"spans": [span(1, **slow, **named)]}
    for project, count, usual in (("web", 9, 400.0), ("web", 4, None), ("api", 9, None)):
        row = {"transaction": 'GET "x*"', "project": project}
        table.usual = [{**row, "p50(span.duration)": 400, "count()": count}]
        table.asked.clear()
        assert activity_of().spans[0].usual_ms == usual
        (asked,) = [one for one in table.asked if "count()" in one["field"]]
        assert asked["query"] == ['is_transaction:true (transaction:"GET \\"x\\*\\"")']
        day_before = MOMENT - timedelta(minutes=5, days=1)
        assert datetime.fromisoformat(asked["start"][0]).replace(tzinfo=UTC) == day_before


def test_rows_that_were_not_searched_for_are_no_ones(table: Table) -> None:
    """Those of another time are ignored; one that names no one makes the list incomplete."""
    later = (MOMENT + timedelta(hours=1)).isoformat()
    table.stray = [log(1, timestamp=later, **{"user.email": "ana@x.org"})]
    beside = activity_of()
    assert (beside.activity, beside.surely) == ((), ACTIVITY)
    table.stray = [log(1, trace=T3)]
    beside = activity_of()
    assert (beside.activity, beside.surely) == ((), ())


def test_someone_else_is_known_by_any_field(table: Table) -> None:
    """That holds whichever field the customer is searched by."""
    table.rows = {
        "logs": [log(1, **{"user.email": "ana@x.org"}), log(2, **{"user.name": "bob"})],
        "spans": [span(3, **{"user.id": "8"}), span(4)],
    }
    assert numbers(activity_of("user.email:ana@x.org").activity) == [1, 4]


def test_a_full_page_without_a_word_on_the_next_is_not_complete(table: Table) -> None:
    named = {"user.email": "ana@x.org", "trace": None}
    table.has_links = False
    for count, is_whole in ((99, True), (100, False)):
        table.rows = {"logs": [log(number, **named) for number in range(1, count + 1)]}
        beside = activity_of()
        assert (len(beside.logs), Signal.LOGS in beside.surely) == (count, is_whole)


def test_rows_of_a_longer_list_are_read_page_by_page(table: Table) -> None:
    """Without errors, as many as errors would be; with errors, a page. A cut is said."""
    named = {"user.email": "ana@x.org", "trace": None}
    table.rows = {"spans": [span(number, **named) for number in range(1, 13)]}
    table.page = 1
    for limit, read, is_whole in ((500, 12, True), (12, 12, True), (11, 11, False)):
        answer, _client = look_up(question("ana@x.org"), replace(CONFIG, max_events=limit))
        beside = answer.beside
        assert len(beside.spans) == read, limit
        assert (Signal.SPANS in beside.surely) is is_whole
        assert ["Sentry has more than we read" in one.message for one in beside.unread] == (
            [] if is_whole else [True]
        )
    table.rows["errors"] = [event(1, **named)]
    answer, _client = look_up(question("ana@x.org"))
    assert len(answer.beside.spans) == 1
    assert "Sentry has more than we read" in answer.beside.unread[0].message


def test_an_older_server_gets_what_it_knows(table: Table) -> None:
    """What it names is left out at once; otherwise parameters go first, then columns."""
    named = {"user.email": "ana@x.org", "project": "web", "trace": None}
    table.rows = {"logs": [log(1, **named)]}
    cases = (
        (lambda params: "sampling" in params, "web", 1),
        (lambda params: "sentry.item_id" in params["field"], None, 2),
        (lambda params: "user.username" in params["field"], None, None),
    )
    for is_refused, project, refusals in cases:
        table.refuse = lambda params, refused=is_refused: (  # type: ignore[misc]
            (400, "Bad request") if params["dataset"] == ["logs"] and refused(params) else None
        )
        table.asked.clear()
        beside = activity_of()
        if refusals is None:
            assert (beside.logs, beside.absent[0].signal) == ((), Signal.LOGS)
            continue
        assert [row.project for row in beside.logs] == [project]
        assert table.datasets().count("logs") == refusals + 1


def test_more_traces_than_can_be_searched_are_no_complete_list(table: Table) -> None:
    named = {"user.email": "ana@x.org"}
    table.rows = {"spans": [span(one, trace=f"{one:032x}", **named) for one in range(1, 60)]}
    beside = activity_of()
    assert len(beside.spans) == 59
    assert beside.surely == ()


def test_a_sampled_or_unreadable_list_is_not_complete(table: Table) -> None:
    table.rows = {"logs": [log(1, **{"user.email": "ana@x.org"}), log(2, timestamp="soon")]}
    beside = activity_of()
    assert (numbers(beside.logs), beside.surely) == ([1], ())
    assert "in part: 1 row could not be read." in beside.unread[0].message
    table.rows, table.scanned = {}, "partial"
    beside = activity_of()
    assert beside.surely == ()
    assert all("only a sample" in one.message for one in beside.unread)


def test_an_id_that_an_sdk_sent_as_a_number_is_found(table: Table) -> None:
    number = "tags[user.id,number]"
    table.rows = {"logs": [log(1, **{number: 1001.0}), log(2, **{number: 1002})]}
    (found,) = activity_of("1001").logs
    assert found.identities == (("user.id", "1001"),)


def test_a_tag_of_the_customer_is_an_attribute(table: Table) -> None:
    """Its name alone is used unless a column has that name."""
    by_tag = replace(question("A-7"), fields=("tags[account_id]", "tags[id]"))
    table.rows = {"logs": [log(1, account_id="a-7"), log(2, account_id="A-71"), log(3)]}
    answer, _client = look_up(by_tag)
    assert numbers(answer.beside.logs) == [1, 3]
    assert all(" id:" not in asked["query"][0] for asked in table.asked)


def test_a_row_of_the_trace_counts_if_it_names_the_customer_otherwise(table: Table) -> None:
    """The event shows that the user ID and the email are of one person, but not whose account."""
    own = {"user.email": "ana@x.org", "user.id": "77", "tags[account_id]": "acme"}
    table.rows = {
        "errors": [event(1, **own)],
        "logs": [
            log(1, **{"user.id": "77"}),
            log(2, **{"user.id": "78"}),
            log(3, **{"user.id": "78", "tags[account_id]": "acme"}),
            log(4, trace=T2, **{"user.id": "77"}),
        ],
    }
    lookup = replace(question("ana@x.org"), fields=(*DEFAULT_FIELDS, "tags[account_id]"))
    answer, _client = look_up(lookup)
    assert numbers(answer.beside.logs) == [1]
    assert not answer.beside.logs[0].names_customer


def test_a_trace_can_be_looked_up(table: Table) -> None:
    table.rows = {"logs": [log(1), log(2, **{"user.id": "8"}), log(3, trace=T2)]}
    link = f"https://acme.sentry.io/explore/traces/trace/{T1}/"
    for table.rows["errors"] in ([], [event(1, **{"user.id": "9"})]):
        beside = activity_of(link)
        assert (numbers(beside.logs), Signal.LOGS in beside.surely) == ([1, 2], True)
    assert all("user.id" not in asked["query"][0] for asked in table.asked)


def test_an_event_that_is_looked_up_shows_its_own_customer_only(table: Table) -> None:
    table.rows = {
        "errors": [event(7, **{"user.id": "8"})],
        "logs": [log(1), log(2, **{"user.id": "8"}), log(3, **{"user.id": "9"})],
    }
    link = f"https://acme.sentry.io/issues/1/events/{7:032x}/"
    assert numbers(activity_of(link).logs) == [1, 2]
    del table.rows["errors"][0]["user.id"]
    assert numbers(activity_of(link).logs) == [1]


def test_a_narrower_window_keeps_what_its_own_rows_show(table: Table) -> None:
    def at(seconds: int) -> str:
        return (MOMENT + timedelta(seconds=seconds)).isoformat()

    named = {"user.email": "ana@x.org"}
    table.rows = {
        "logs": [
            log(1, timestamp=at(200), **named),
            log(2, timestamp=at(10)),
            log(3, timestamp=at(10), trace=T2),
        ],
        "spans": [span(4, timestamp=at(0), trace=T2, **named), span(5, timestamp=at(-200))],
    }
    beside = activity_of()
    assert len(beside.activity) == 5
    assert numbers(beside.within(Window(MOMENT, 1), ()).activity) == [3, 4]


def test_a_failure_is_neither_nothing_nor_absence(table: Table) -> None:
    """A web page instead of an answer is one, too: it is not from Sentry."""
    for status, detail in ((500, "no"), (429, "slow down"), (410, "gone"), (404, "<html>")):
        table.refuse = lambda params, failure=(status, detail): (  # type: ignore[misc]
            failure if params["dataset"] != ["errors"] else None
        )
        answer, client = look_up(question("ana@x.org"))
        assert (answer.complete, answer.beside.surely, answer.beside.absent) == (True, (), ())
        assert {one.signal for one in answer.beside.unread} == {*ACTIVITY}, status
        assert not client.absent_signals, status


def test_projects_are_searched_one_by_one_if_required(
    wire: responses.RequestsMock, table: Table
) -> None:
    projects = [{"id": str(one), "slug": f"p{one}"} for one in (1, 2)]
    wire.replace("GET", f"{API}/organizations/acme/projects/", json=projects)
    table.refuse = lambda params: (
        (400, "You cannot view events from multiple projects.")
        if params["project"] == ["-1"]
        else None
    )
    table.rows = {"logs": [log(1, **{"user.email": "ana@x.org"})]}
    beside = activity_of()
    assert (numbers(beside.logs), beside.unread) == ([1], ())


def test_an_unsearched_trace_is_mentioned(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the result would neither be complete nor say what it lacks."""
    table.rows = {"logs": [log(1, **{"user.email": "ana@x.org"})], "spans": [span(1)]}
    assert activity_of().unread == ()
    monkeypatch.setattr("apps.sentry.activity.MAX_HOPS", 1)
    beside = activity_of()
    assert (beside.surely, [one.signal for one in beside.unread]) == ((), [*ACTIVITY])


def test_what_came_too_late_can_be_read_later(table: Table) -> None:
    named = {"user.email": "ana@x.org"}
    table.rows = {"errors": [event(1, **named)], "logs": [log(1)], "spans": [span(1, **named)]}
    answer, _client = look_up(question("ana@x.org"))
    client = SentryClient(CONFIG)
    gap = UnreadSignal(Signal.SPANS, "Sentry has more.", can_retry=False)
    late = tuple(UnreadSignal(signal, "Late.", is_late=True) for signal in ACTIVITY)
    known = RelatedData(spans=answer.beside.spans, asked=ACTIVITY, unread=(gap, *late))
    table.asked.clear()
    later = fetch_related(
        client, answer.question, ACTIVITY, answer.events, projects=client.projects(), known=known
    )
    client.close()
    assert (numbers(later.logs), numbers(later.spans)) == ([1], [1])
    assert sorted(table.datasets()) == ["logs", "spans"]
    assert known.merged_with(later).unread == (gap,)
