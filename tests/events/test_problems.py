"""Test that halves of one failure become one problem, and that nothing else does."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

from apps.events.answer import CatalogEntry, KnownErrors, KnownMatch
from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo, Frame, Request
from apps.events.grouping import problems_of
from apps.events.rules.rule import Place
from apps.events.summary import headline, place_of, summarize_group
from apps.exports import Format, render
from tests.events.worlds import make_world
from tests.web.answers import MOMENT, answer, event

TRACE = "a1" * 16
URL = "https://api.shop.example/orders/A-7193/pay"


def raised(kind: str, value: str, *causes: tuple[str, str]) -> tuple[ExceptionInfo, ...]:
    return tuple(ExceptionInfo(type=one, value=text) for one, text in ((kind, value), *causes))


def half(seconds: int, issue: str, project: str, **body: object) -> Event:
    return event(
        seconds,
        issue_id=issue,
        project=project,
        platform="javascript" if project == "web" else "python",
        title=None,
        trace_id=TRACE,
        body=EventBody(**body),  # type: ignore[arg-type]
    )


def on_server(seconds: int = 0, issue: str = "1", url: str = URL) -> Event:
    return half(
        seconds,
        issue,
        "api",
        exceptions=raised("PaymentDeclined", "The bank declined the charge"),
        request=Request("POST", url),
    )


def call(seconds: int, url: str, status: int) -> Breadcrumb:
    return Breadcrumb(
        timestamp=MOMENT + timedelta(seconds=seconds),
        category="xhr",
        data={"method": "POST", "url": url, "status_code": status},
    )


def in_browser(seconds: int = 1, issue: str = "2", url: str = URL, status: int = 500) -> Event:
    return half(
        seconds,
        issue,
        "web",
        exceptions=raised("AxiosError", f"Request failed with status code {status}"),
        breadcrumbs=(call(seconds, url, status),),
    )


def joined(*events: Event) -> list[tuple[str, ...]]:
    """Return the issues of each problem, with the reasons between them."""
    return [
        (one.issue_id, *(text for o in one.others for text in (o.reason.value, o.group.issue_id)))
        for one in problems_of(answer(*events))
    ]


STOCK = "http://stock:8080/v1/reserve"
DECLINED = ("PaymentDeclined", "The bank declined the charge")
HTTP_CLIENT = raised("Error", "HTTP Client Error with status code: 500")
SPAN = {"trace": {"trace_id": TRACE, "span_id": "b" * 16}}


def job(seconds: int, issue: str, kind: str, task: str) -> Event:
    error = raised(kind, "the bank is away")
    return half(seconds, issue, "jobs", exceptions=error, tags=(("celery_task_id", task),))


def test_halves_of_one_failure_are_one_problem() -> None:
    server = on_server()
    stock = half(0, "1", "stock", exceptions=raised("E", "x"), request=Request("POST", STOCK))
    rows: dict[str, tuple[Event, Event, str]] = {
        "a call and the error it caused": (in_browser(), server, "same request"),
        "an ID in the path that was redacted": (
            in_browser(url="/orders/[id]/pay?x=1"),
            server,
            "same request",
        ),
        "a call through a gateway": (
            in_browser(url="https://shop.example/gate/orders/A-7193/pay"),
            server,
            "same request",
        ),
        "a report of nothing but the response": (
            half(
                1,
                "2",
                "web",
                exceptions=HTTP_CLIENT,
                request=Request("POST", URL),
                contexts={"response": {"status_code": 500}},
            ),
            server,
            "same request",
        ),
        "one project for the page and the server": (
            in_browser(),
            replace(server, project="web"),
            "same request",
        ),
        "a service that names the call": (
            half(
                1,
                "2",
                "api",
                exceptions=raised("HTTPError", f"500 Server Error: Oops for url: {STOCK}"),
                request=Request("GET", URL),
            ),
            stock,
            "same request",
        ),
        "the server's text in the page": (
            half(1, "2", "web", exceptions=raised("Error", DECLINED[1])),
            server,
            "same request",
        ),
        "the text of an RPC": (
            half(1, "2", "gateway", exceptions=raised("Error", f"13 INTERNAL: {DECLINED[1]}")),
            half(0, "1", "bank", exceptions=raised(*DECLINED)),
            "same request",
        ),
        "a chain of exceptions": (
            half(2, "2", "jobs", exceptions=raised("OrderFailed", "order", DECLINED)),
            server,
            "consequence",
        ),
        "the page without its data": (
            half(
                1,
                "2",
                "web",
                exceptions=raised("TypeError", "price is undefined"),
                breadcrumbs=(call(1, URL, 500),),
            ),
            server,
            "consequence",
        ),
        "an error that was logged and raised": (
            half(1, "2", "api", message=f"Failed: {DECLINED[0]}: {DECLINED[1]}", contexts=SPAN),
            half(0, "1", "api", exceptions=raised(*DECLINED), contexts=SPAN),
            "same request",
        ),
        "a call that got no answer at all the second time": (
            half(
                9,
                "2",
                "web",
                exceptions=raised("Error", "getaddrinfo ENOTFOUND api.shop.example"),
                breadcrumbs=(call(9, URL, 0),),
            ),
            in_browser(0, issue="1", status=503),
            "tried again",
        ),
        "a call that names no address": (
            half(1, "2", "web", exceptions=HTTP_CLIENT),
            on_server(),
            "same request",
        ),
        "a job that tried again": (
            replace(job(9, "2", "ReadTimeout", "e51f-7"), trace_id="b2" * 16),
            job(0, "1", "ConnectTimeout", "e51f-7"),
            "tried again",
        ),
        "an attempt with a number": (
            replace(
                half(9, "2", "jobs", exceptions=raised("E", "attempt 2 failed")),
                transaction="jobs.charge",
            ),
            replace(
                half(0, "1", "jobs", exceptions=raised("E", "attempt 1 failed")),
                transaction="jobs.charge",
            ),
            "tried again",
        ),
        "the same order once more": (
            replace(on_server(9, issue="2"), trace_id="b2" * 16, transaction="/orders/{id}/pay"),
            replace(on_server(), transaction="/orders/{id}/pay"),
            "tried again",
        ),
        "an error ID that the page was given": (
            half(1, "2", "web", exceptions=raised("Error", "Oops"), extra={"digest": "2093485"}),
            replace(half(0, "1", "web", extra={"digest": "2093485"}), platform="node"),
            "same request",
        ),
    }
    for why, (other, cause, reason) in rows.items():
        assert joined(other, cause) == [("1", reason, "2")], why


def test_two_failures_stay_apart() -> None:
    page_error = EventBody(exceptions=raised("TypeError", "price is undefined"))
    graphql = "https://api.shop.example/graphql"
    rows: dict[str, tuple[Event, Event]] = {
        "another request of the same trace": (
            in_browser(url="https://api.shop.example/prices"),
            on_server(),
        ),
        "another order": (in_browser(url=URL.replace("A-7193", "A-8111")), on_server()),
        "another method": (
            in_browser(),
            half(0, "1", "api", exceptions=raised(*DECLINED), request=Request("GET", URL)),
        ),
        "another answer": (
            in_browser(),
            half(
                0,
                "1",
                "api",
                request=Request("POST", URL),
                contexts={"response": {"status_code": 403}},
            ),
        ),
        "another trace": (replace(in_browser(), trace_id="b2" * 16), on_server()),
        "another customer": (
            replace(in_browser(), matched_on=(), identities=(("user.id", "1"),)),
            replace(on_server(), matched_on=(), identities=(("user.id", "2"),)),
        ),
        "a minute later": (in_browser(60), on_server()),
        "no call at all": (replace(in_browser(), body=page_error), on_server()),
        "a body that was not read": (replace(in_browser(), body=None), on_server()),
        "one address for everything": (
            in_browser(url="/graphql"),
            on_server(url=graphql),
        ),
        "the same text in two services": (
            half(1, "2", "stock", exceptions=raised(*DECLINED), request=Request("GET", STOCK)),
            on_server(),
        ),
        "a report of another response": (
            half(
                1,
                "2",
                "web",
                exceptions=HTTP_CLIENT,
                request=Request("POST", STOCK),
                contexts={"response": {"status_code": 500}},
            ),
            on_server(),
        ),
        "a call without an address that got another answer": (
            half(1, "2", "web", exceptions=raised("Error", "Request failed with status code 404")),
            on_server(),
        ),
        "two jobs": (
            job(9, "2", "ReadTimeout", "e51f-7"),
            job(0, "1", "ReadTimeout", "77aa-1"),
        ),
        "noise": (replace(in_browser(201), level="info", handled=True), on_server(200)),
    }
    for why, events in rows.items():
        assert len(joined(*events)) == 2, why


def test_neither_of_two_equally_likely_causes_is_joined() -> None:
    prices = "https://api.shop.example/prices"
    callers = (in_browser(1, url=prices), replace(in_browser(1, "3", url=prices), project="app"))
    assert len(joined(*callers, on_server(url=prices))) == 3
    other = half(0, "3", "api", exceptions=raised("E", "x"), request=Request("POST", prices))
    causes = (on_server(url=prices), other)
    assert len(joined(in_browser(1, url=prices), *causes)) == 3


def test_each_event_of_an_issue_is_a_half_of_its_own_cause() -> None:
    other_url = "https://api.shop.example/basket"
    events = (
        in_browser(1),
        in_browser(2, url=other_url),
        on_server(0),
        on_server(1, issue="3", url=other_url),
    )
    found = problems_of(answer(*events))
    assert joined(*events) == [("1", "same request", "2"), ("3", "same request", "2")]
    assert [one.times for one in found] == [1, 1]
    known = KnownErrors((KnownMatch(CatalogEntry("x", "x", "x"), "2", ()),))
    assert [one.known_in(known) for one in found] == [(), ()]


def test_headline_counts_failures_and_not_their_halves() -> None:
    events = (in_browser(6), on_server(5), in_browser(1), on_server(0))
    assert headline(answer(*events), ZoneInfo("UTC")).endswith("2 times at 13:05.")


def test_known_error_of_a_half_belongs_to_the_problem() -> None:
    entry = CatalogEntry(slug="declined", title="Declined", explanation="The bank says no.")
    known = KnownErrors((KnownMatch(entry, "2", ("title",)), KnownMatch(entry, "1", ())))
    (problem,) = problems_of(answer(in_browser(), on_server()))
    assert [match.issue_id for match in problem.known_in(known)] == ["1"]


def test_exports_say_what_is_one_failure() -> None:
    result = answer(event(90, issue_id="9"), in_browser(), on_server())
    values = json.loads(render(result, format="json", marker="m" * 12, budget=None).text)
    assert [(one["issues"], one["times"], one["joined"]) for one in values["problems"]] == [
        (["1", "2"], 1, [{"issue": "2", "reason": "same request"}]),
        (["9"], 1, []),
    ]
    assert values["problems"][0]["events"] == [event["id"] for event in values["events"][1:]]
    assert [issue["id"] for issue in values["issues"]] == ["1", "2", "9"]
    formats: tuple[Format, ...] = ("markdown", "text")
    for kind in formats:
        written = render(result, format=kind, marker="m" * 12).text.replace("`", "")
        assert "same failure as WEB-1 (same request)" in written, kind


def test_generated_failures_are_joined_as_they_were_made() -> None:
    """Of 40 worlds, no pair of two failures is joined, and nearly every true pair is."""
    right = wrong = missed = 0
    for seed in range(40):
        world = make_world(seed)
        place = {
            event_id: number
            for number, problem in enumerate(problems_of(world.answer))
            for event_id in problem.event_ids
        }
        assert place.keys() == world.truth.keys()
        for one, other in combinations(world.events, 2):
            if one.issue_id == other.issue_id:
                continue
            is_one = world.truth[one.id] == world.truth[other.id]
            is_joined = place[one.id] == place[other.id]
            right += is_one and is_joined
            wrong += is_joined and not is_one
            missed += is_one and not is_joined
    assert not wrong
    assert right / (right + missed) > 0.97


def test_live_link_that_the_server_closed_is_joined_to_its_error() -> None:
    def closed(seconds: int, code: int, text: str) -> Event:
        at = MOMENT + timedelta(seconds=seconds)
        crumb = Breadcrumb(timestamp=at, category="websocket", data={"code": code})
        lost = half(seconds, "2", "web", exceptions=raised("Error", text), breadcrumbs=(crumb,))
        return replace(lost, trace_id="b" * 32)

    error = raised("MatchError", "no match of right hand side value")
    server = half(0, "1", "realtime", exceptions=error, tags=(("channel", "order:A-7788"),))
    assert joined(closed(1, 1011, "lost A-7788"), server) == [("1", "consequence", "2")]
    for other in (closed(1, 1000, "lost A-7788"), closed(1, 1011, "lost A-7789")):
        assert len(joined(other, server)) == 2
    assert len(joined(closed(5, 1011, "lost A-7788"), server)) == 2


def test_form_that_was_refused_again_is_one_problem() -> None:
    def refused(seconds: int, issue: str, line: int) -> Event:
        frame = Frame(file="form.tsx", line=line, in_app=True)
        error = (ExceptionInfo("ValidationError", f"text {issue}", frames=(frame,)),)
        return replace(half(seconds, issue, "web", exceptions=error), transaction="/support")

    assert joined(refused(0, "1", 5), refused(40, "2", 5)) == [("1", "tried again", "2")]
    assert len(joined(refused(0, "1", 5), refused(40, "2", 6))) == 2
    assert len(joined(refused(0, "1", 5), refused(90, "2", 5))) == 2


def test_error_behind_a_failed_call_says_what_happened() -> None:
    behind = replace(on_server(), matched_on=(), identities=())
    named = answer(replace(in_browser(), matched_on=("user.id",)))
    alone, with_error = (
        problems_of(replace(named, beside=replace(named.beside, trace_errors=errors)))[0]
        for errors in ((), (behind,))
    )
    assert place_of(alone.placed) is Place.SERVER
    assert place_of(with_error.placed) is Place.BANK
    assert summarize_group(with_error) == "The payment was declined."
    far = replace(named.beside, trace_errors=(replace(behind, trace_id="b" * 32, body=None),))
    assert problems_of(replace(named, beside=far))[0].origin is None
