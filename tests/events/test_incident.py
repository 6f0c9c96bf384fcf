"""What the customers of an incident share, what joins it, and how usual it is."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from apps.events.correlation import Reason
from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo, Frame, Request
from apps.events.incident import (
    Baseline,
    Failure,
    Finding,
    representative_events,
    shared_failures,
)
from tests.conftest import MOMENT

NOTHING: dict[str, EventBody] = {}


def an_event(issue: str, line: int, second: int = 0, **fields: object) -> Event:
    name = f"{issue}-{line}-{second}"
    at = MOMENT + timedelta(seconds=second)
    known: dict[str, object] = {"issue_id": issue, "level": "error", "matched_on": ("user.id",)}
    return Event(name, at, **(known | fields))  # type: ignore[arg-type]


def findings(*had: str, before: int = 0) -> list[Finding]:
    """Return a finding per text, whose words are issues; `before` other customers have none."""
    lines = [""] * before + list(had)
    return [
        Finding(line, tuple(an_event(issue, line) for issue in text.split()))
        for line, text in enumerate(lines, start=1)
    ]


def shares(had: int, of: int, usual: int, customers: int) -> Failure:
    """Return the failure A, had by some of the customers with errors."""
    texts = ["A"] * had + ["B"] * (of - had)
    baseline = Baseline(customers, {"A": usual})
    failures = shared_failures(findings(*texts), (), NOTHING, baseline)
    return next(one for one in failures if one.problem.issue_id == "A")


def test_noise_is_what_is_about_as_usual_among_others() -> None:
    """Had by, of customers with errors; had by, of others; noise."""
    rows = (
        (50, 100, 50, 100, True),
        (50, 100, 90, 100, True),
        (50, 100, 26, 100, True),
        (50, 100, 24, 100, False),
        (50, 100, 0, 100, False),
        (1, 100, 0, 100, False),
        (4, 100, 4, 100, True),
        (5, 100, 2, 100, True),
        (12, 100, 2, 100, False),
        (5, 100, 1, 100, False),
        (2, 100, 1, 100, True),
        (50, 100, 19, 19, False),
        (50, 100, 0, 0, False),
    )
    for had, of, usual, customers, is_noise in rows:
        failure = shares(had, of, usual, customers)
        assert failure.problem.is_noise is is_noise, (had, of, usual, customers)
        assert failure.baseline == (usual / customers if customers else None)
        assert len(failure.lines) == had


def test_most_customers_beyond_the_usual_come_first() -> None:
    texts = ["common"] * 60 + ["usual"] * 70 + ["rare"] * 3 + ["common rare2"] * 5
    baseline = Baseline(100, {"usual": 40, "common": 10})
    failures = shared_failures(findings(*texts), (), NOTHING, baseline)
    order = [(one.problem.issue_id, one.problem.is_noise) for one in failures]
    assert order == [("common", False), ("rare2", False), ("rare", False), ("usual", True)]
    unknown = shared_failures(findings(*texts), (), NOTHING, Baseline())
    assert [one.problem.issue_id for one in unknown] == ["usual", "common", "rare2", "rare"]
    assert not any(one.problem.is_noise for one in unknown)


def test_what_is_slight_comes_after_errors_and_warnings() -> None:
    """However many have it: what was only noted, and what stops no one by its rule."""
    kinds: dict[str, dict[str, Any]] = {
        "note": {"level": "info"},
        "layout": {"title": "Error: ResizeObserver loop limit exceeded", "platform": "javascript"},
        "warned": {"level": "warning"},
        "error": {"level": "error"},
    }
    had = [*kinds, *["note"] * 9, *["layout"] * 5]
    each = [
        Finding(line, (an_event(kind, line, 0, **kinds[kind]),)) for line, kind in enumerate(had)
    ]
    failures = shared_failures(each, (), NOTHING, Baseline())
    assert [one.problem.issue_id for one in failures] == ["error", "warned", "note", "layout"]
    assert [one.is_slight for one in failures] == [False, False, True, True]


def test_times_releases_and_events_are_those_of_all_customers() -> None:
    shared = an_event("A", 1, 5, release="2")
    own = an_event("A", 2, -9, release="1")
    found = [Finding(1, (shared,)), Finding(2, (shared, own)), Finding(3)]
    [failure] = shared_failures(found, (), NOTHING, Baseline())
    assert failure.lines == (1, 2)
    assert failure.releases == ("1", "2")
    assert failure.problem.events == (shared, own)


def _server(order: str) -> EventBody:
    refused = ExceptionInfo("Refused", f"The bank refused order {order}", handled=False)
    url = f"https://api.example/orders/{order}/pay"
    return EventBody(exceptions=(refused,), request=Request("POST", url))


def _browser(order: str, second: int) -> EventBody:
    url = f"https://api.example/orders/{order}/pay"
    crumb = Breadcrumb(
        MOMENT + timedelta(seconds=second),
        "http",
        "xhr",
        data={"method": "POST", "url": url, "status_code": 500},
    )
    failed = ExceptionInfo("AxiosError", "Request failed with status code 500", handled=False)
    return EventBody(exceptions=(failed,), breadcrumbs=(crumb,))


def _pair(line: int, issue: str = "S") -> tuple[Event, Event]:
    """Return the two halves of a failed payment, the browser's first; `issue` is the server's."""
    order, trace = f"77{line:02}", f"{line:032x}"
    server = an_event(issue, line, line, project="api", platform="python", trace_id=trace)
    client = an_event("C", line, line + 1, project="web", platform="javascript", trace_id=trace)
    BODIES[server.id], BODIES[client.id] = _server(order), _browser(order, line)
    return client, server


BODIES: dict[str, EventBody] = {}


def test_bodies_of_one_customer_join_the_issues_of_all() -> None:
    """An event without its cause belongs to it only if most with the issue have the cause."""
    pairs = {line: _pair(line) for line in range(1, 5)}
    found = [Finding(line, pair) for line, pair in pairs.items()]
    bodies = {event.id: BODIES[event.id] for event in pairs[2]}
    [failure] = shared_failures([*found, Finding(9, (pairs[1][0],))], (), bodies, Baseline())
    assert failure.problem.issue_ids == ("S", "C")
    assert failure.lines == (1, 2, 3, 4, 9)
    assert set(failure.representatives) == set(bodies)
    alone = [Finding(line, (an_event("C", line),)) for line in range(20, 30)]
    apart = shared_failures([*found, *alone, Finding(9, (pairs[1][0],))], (), bodies, Baseline())
    assert [(one.problem.issue_ids, len(one.lines)) for one in apart] == [
        (("C",), 11),
        (("S", "C"), 4),
    ]
    assert not apart[1].problem.others[0].is_whole
    without = shared_failures(found, (), NOTHING, Baseline())
    assert [one.problem.issue_ids for one in without] == [("C",), ("S",)]


def test_an_issue_can_be_the_other_half_of_several_failures() -> None:
    """Browsers have one issue for whatever fails; each event belongs to its own cause."""
    issues = ("S", "T", "U")
    found = [Finding(line, _pair(line, issues[line % 3])) for line in range(1, 13)]
    events = representative_events(found, Baseline(), most=9)
    assert len(events) == 6
    bodies = {event.id: BODIES[event.id] for event in events}
    failures = shared_failures(found, (), bodies, Baseline())
    assert [(one.problem.issue_ids, len(one.lines)) for one in failures] == [
        ((issue, "C"), 4) for issue in issues
    ]
    assert [len(one.problem.events) for one in failures] == [8, 8, 8]
    assert not any(one.problem.others[0].is_whole for one in failures)


def test_unsure_halves_stay_apart() -> None:
    """An event as near to two causes is alone; so are issues that any bodies keep apart."""
    pairs = [Finding(1, _pair(1, "S")), Finding(2, _pair(2, "T"))]
    near = {"trace_id": "ab" * 16}
    tied = (an_event("C", 3, 5, **near), an_event("S", 3, 4, **near), an_event("T", 3, 4, **near))
    failures = shared_failures([*pairs, Finding(3, tied)], (), BODIES, Baseline())
    found = {one.problem.issue_ids: one.lines for one in failures}
    assert found == {("S", "C"): (1, 3), ("T", "C"): (2, 3), ("C",): (3,)}
    other = (replace(tied[0], body=_browser("9999", 4)), replace(tied[1], body=_server("8888")))
    failures = shared_failures([pairs[0], Finding(3, other)], (), BODIES, Baseline())
    assert {one.problem.issue_ids: one.lines for one in failures} == {
        ("S",): (1, 3),
        ("C",): (1, 3),
    }


def test_representatives_are_one_per_release_of_the_issues_that_stand_out() -> None:
    """Halves come from the same customer; noise comes last."""
    pairs = {line: _pair(line) for line in range(1, 5)}
    alone = [Finding(8, (an_event("S", 8, release="old"), an_event("S", 8, 3, release="new")))]
    noise = findings(*["N"] * 30, before=40)[40:]
    found = [*alone, *(Finding(line, pair) for line, pair in pairs.items()), *noise]
    baseline = Baseline(100, {"N": 90})
    events = representative_events(found, baseline, most=2)
    assert {(one.issue_id, one.release) for one in events} == {
        ("S", "old"),
        ("S", "new"),
        ("S", None),
        ("C", None),
    }
    assert {one for one in events if one.release is None} == set(pairs[1])
    assert {one.issue_id for one in representative_events(found, baseline, most=9)} == set("SCN")


def _raised(
    issue: str, line: int, release: str | None, message: str, function: str = "charge"
) -> tuple[Finding, dict[str, EventBody]]:
    event = an_event(issue, line, release=release, project="api", culprit="/pay")
    frame = Frame(file="pay.py", function=function, in_app=True)
    body = EventBody(exceptions=(ExceptionInfo("Refused", message, frames=(frame,)),))
    return Finding(line, (event,)), {event.id: body}


def test_one_error_in_different_releases_is_one_failure() -> None:
    """It needs the same place and much the same message, and releases that aren't shared."""
    rows = (
        (("2", "no answer in 12 s", "charge"), True),
        (("2", "no answer in time", "charge"), True),
        (("2", "the card is stolen", "charge"), False),
        (("2", "no answer in 12 s", "refund"), False),
        (("1", "no answer in 12 s", "charge"), False),
        ((None, "no answer in 12 s", "charge"), False),
    )
    for (release, message, function), is_one in rows:
        first, bodies = _raised("A", 1, "1", "no answer in 10 s")
        other, more = _raised("B", 2, release, message, function)
        baseline = Baseline(100, {"A": 3, "B": 4})
        found = shared_failures((first, other), (), bodies | more, baseline)
        assert (len(found) == 1) is is_one, (release, message, function)
        if is_one:
            assert (found[0].lines, found[0].baseline) == ((1, 2), 0.07)
            assert found[0].problem.others[0].reason == Reason.OTHER_RELEASE
