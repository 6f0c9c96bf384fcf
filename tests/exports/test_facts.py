"""The same facts of one document in all formats, and the keys of JSON."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from apps.events.answer import Answer, Notice, NoticeCode
from apps.events.event import EventBody, ExceptionInfo
from apps.exports import ExportRefused, Format, render
from apps.exports.facts import NO_PRESET, Preset
from apps.exports.json_format import data
from apps.exports.markdown import markdown_text, plain_text
from tests import samples
from tests.exports.answers import (
    EXPLAIN,
    MARKER,
    REPLY,
    afternoon,
    answer,
    detailed,
    event,
    fitting_json,
    frame,
    recursion,
)
from tests.exports.sample_answers import raw_answer
from tests.exports.tokenizer import count

pytestmark = pytest.mark.usefixtures("one_request")

GOLDEN = Path(__file__).parent / "golden"
FORMATS: tuple[Format, ...] = ("markdown", "json", "text")
BUDGETS = (700, 1500, 3000, 6000, 16_000)
EVENT_KEYS = [
    "id", "issue_id", "project", "timestamp", "title", "culprit", "transaction", "level", "handled",
    "release", "environment", "device", "trace_id", "exceptions", "breadcrumbs", "request",
    "permalink",
]  # fmt: skip
ISSUE_KEYS = [
    "id", "short_id", "title", "summary", "level", "project", "handled", "events", "users_affected",
    "first_seen", "last_seen", "permalink", "standing", "known",
]  # fmt: skip
TOP_KEYS = [
    "schema", "lookup_id", "customer", "matched_on", "window", "searched", "complete", "notices",
    "fetched_at", "from_cache", "totals", "problems", "issues", "known_unchecked", "events",
    "beside", "nearby", "redaction", "omitted", "least_budget", "elsewhere",
]  # fmt: skip


def facts_of(values: dict[str, object]) -> set[str]:
    """Return every text and number of the JSON export's main parts."""
    found: set[str] = set()

    def collect(value: object, key: str) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                collect(inner, name)
        elif isinstance(value, list):
            for inner in value:
                collect(inner, key)
        elif value is not None and not isinstance(value, bool):
            found.add(str(value))

    for key in ("issues", "events", "omitted", "redaction", "notices", "searched"):
        collect(values[key], key)
    return found


def abbreviations(values: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    """Return what Markdown and plain text contain instead of full links and times."""
    short = {event["permalink"]: event["id"] for event in values["events"] if event["permalink"]}
    times = {event["timestamp"]: event["timestamp"].split("T")[1] for event in values["events"]}
    return {**short, **times}


def crumb_times(values: dict[str, list[dict[str, list[dict[str, str]]]]]) -> set[str]:
    """Return the times that other formats give in seconds from the reported time."""
    return {crumb["timestamp"] for event in values["events"] for crumb in event["breadcrumbs"]}


@pytest.mark.parametrize(
    ("result", "budget"),
    list(product((afternoon(12, 3), recursion(), detailed(), answer(complete=False)), BUDGETS)),
)
def test_all_formats_contain_the_same_facts(result: Answer, budget: int) -> None:
    document = fitting_json(result, budget)
    values: Any = data(document)

    markdown, text, shorter = markdown_text(document), plain_text(document), abbreviations(values)
    usual = {one["id"] for one in values["issues"]} | {"info", "the export"}
    for fact in facts_of(values) - crumb_times(values) - usual:
        for part in shorter.get(fact, fact).split(": ", 1):  # a title is the type and the message
            assert part in markdown, f"Markdown lacks {fact}"
            assert part in text, f"text lacks {fact}"
    crumbs = sum(len(one["breadcrumbs"]) for one in values["events"])
    assert crumbs == markdown.count(" fetch: ")


def test_json_keys_and_their_order() -> None:
    values = json.loads(render(afternoon(), format="json", marker=MARKER, budget=None).text)

    assert list(values) == TOP_KEYS
    assert list(values["window"]) == ["moment", "start", "end", "minutes"]
    assert list(values["searched"]) == ["organization", "projects", "environments"]
    assert list(values["totals"]) == ["events", "issues", "events_listed", "bodies_read"]
    assert {tuple(one) for one in values["issues"]} == {tuple(ISSUE_KEYS)}
    assert {tuple(one) for one in values["events"]} == {tuple(EVENT_KEYS)}
    standing = values["issues"][0]["standing"]
    assert list(standing) == ["status", "substatus", "fixed_in", "fix", "last_day"]
    raised = values["events"][0]["exceptions"][0]
    assert list(raised) == ["type", "value", "frames"]
    assert list(raised["frames"][0]) == ["file", "line", "function", "in_app", "code"]
    crumb = values["events"][0]["breadcrumbs"][0]
    assert list(crumb) == ["timestamp", "category", "level", "message"]


FACTS = {
    "message": "Charging order 9917 failed at step 3",
    "tag": "nightly-import",
    "extra": "new-basket",
    "list in extra": "[2, 3]",
    "runtime": "3.11.7 (main)",
    "device": "4096",
    "mechanism": "django",
    "module": "shop.errors",
    "line before the crash": "before()",
    "line after the crash": "after()",
    "variable": "19.99",
    "header": "de-AT",
    "sent": "SPRING",
    "thread": "8 idle",
    "package": "django 4.2",
    "time of receipt": "2026-11-23T14:05:10Z",
    "delay": "Sentry received this event 3 days after its time: our server’s clock was wrong",
}


@pytest.mark.parametrize("kind", FORMATS)
def test_what_an_sdk_adds_is_exported_or_counted(kind: Format) -> None:
    whole = render(detailed(), format=kind, marker=MARKER)
    for name, fact in FACTS.items():
        assert fact in whole.text, name
    assert not whole.omitted
    assert "entries of the type hologram" in whole.text
    assert "release shop@2.14.0; release" not in whole.text, "a tag that repeats a fact"

    limits = {"markdown": 800, "json": 1400, "text": 800}
    for what, budget in (
        ("tags, extra, and other details", 700),
        ("threads", limits[kind]),
        ("packages", limits[kind]),
    ):
        cut = render(detailed(), format=kind, marker=MARKER, budget=budget)
        assert what in {one.what for one in cut.omitted}, what
        assert what in cut.text, what


def test_json_keys_of_details() -> None:
    values = json.loads(render(detailed(), format="json", marker=MARKER, budget=None).text)
    found = values["events"][0]
    assert list(found) == [*EVENT_KEYS, "received", "delay", "message", "details"]
    raised = found["exceptions"][0]
    assert list(raised) == ["type", "value", "frames", "module", "mechanism", "handled"]
    assert raised["frames"][1]["around"] == [[100, "    before()"], [102, "    after()"]]
    details = found["details"]
    assert details["tags"] == {
        "tenant": "acme-eu",
        "job": "nightly-import",
        "release": "shop@2.14.0",
    }
    assert details["extra"] == {"feature": "new-basket", "attempts": "[2, 3]", "final": "false"}
    assert details["parameters"] == [["page", "2"], ["page", "3"]], "a name can occur twice"
    assert details["threads"] == ["7 worker: pool.py:55 wait", "8 idle"]
    assert next(iter(details["contexts"])) == "runtime name", "versions come first"


@pytest.mark.parametrize("kind", FORMATS)
def test_stack_trace_without_exception_is_named_as_such(kind: Format) -> None:
    body = EventBody(message="no stock", exceptions=(ExceptionInfo(frames=(frame(88),)),))
    bare = replace(event(1, 1), title="no stock", body=body)
    text = render(answer(bare), format=kind, marker=MARKER).text
    assert "step_88" in text
    assert "no stock" in text
    if kind in ("markdown", "text"):
        assert "stack trace\n" in text
        assert "no message" not in text


def test_json_without_a_limit_is_complete_and_unchanged() -> None:
    values = json.loads(render(recursion(250), format="json", marker=MARKER, budget=None).text)
    many = json.loads(render(afternoon(400, 3), format="json", marker=MARKER, budget=None).text)

    assert len(values["events"][0]["exceptions"][0]["frames"]) == 250
    assert len(values["events"][0]["breadcrumbs"]) == 100
    assert values["events"][0]["exceptions"][0]["frames"][0]["code"] == "    total_40 = cart.total"
    assert values["omitted"] == many["omitted"] == []
    assert len(many["events"]) == 400
    times = [one["timestamp"] for one in many["events"]]
    assert times == sorted(times, reverse=True)
    assert values["window"]["moment"] == "2026-11-20T14:05:00Z"


def test_unknown_values_are_null() -> None:
    bare = replace(event(1, 1, body=False), handled=None, release=None, issue_id=None)
    values = json.loads(render(answer(bare), format="json", marker=MARKER, budget=None).text)

    found = values["events"][0]
    assert found["handled"] is found["release"] is found["request"] is found["issue_id"] is None
    assert found["exceptions"] == found["breadcrumbs"] == []
    assert values["issues"][0]["first_seen"] is None


@pytest.mark.parametrize("kind", FORMATS)
def test_empty_result_says_whether_it_is_complete(kind: Format) -> None:
    complete = render(answer(), format=kind, marker=MARKER).text
    incomplete = render(answer(complete=False), format=kind, marker=MARKER).text

    if kind == "json":
        assert json.loads(complete)["complete"] is True
        assert json.loads(incomplete)["complete"] is False
    else:
        assert "The list of events is complete" in complete
        assert "The list of events is incomplete" in incomplete
    assert "There were more events than are listed." in incomplete


def test_every_limit_keeps_what_is_uncertain() -> None:
    notices = tuple(Notice(code, f"A sentence about {code}. " * 9) for code in NoticeCode)
    uncertain = replace(afternoon(9, 3), complete=False, events_total=None, notices=notices)
    for kind, budget in product(FORMATS, (400, 500, 900, 6000)):
        text = render(uncertain, format=kind, marker=MARKER, budget=budget).text
        stated = "events is incomplete" if kind != "json" else '"complete":false'
        for part in ("2026-11-20T14:05:00Z", stated, *NoticeCode):
            assert part in text, (kind, budget, part)


def test_prompt_counts_toward_the_limit() -> None:
    for preset, budget in product((NO_PRESET, EXPLAIN, REPLY), (400, 900, 2000, 50_000)):
        export = render(
            afternoon(9, 3), format="markdown", marker=MARKER, budget=budget, preset=preset
        )
        assert export.text.startswith(f"{preset.prompt}DATA BEGINS"), preset.name
        assert 0.92 * budget <= export.tokens <= budget or not export.omitted, preset.name


def test_prompt_too_long_for_the_limit_is_refused() -> None:
    poem = Preset("poem", "Poem", "Write a poem of sorrow. " * 9)
    assert 50 < poem.tokens <= 100
    with pytest.raises(ExportRefused, match="a limit of 400 tokens leaves only 50 for it"):
        render(afternoon(), format="markdown", marker=MARKER, preset=poem, budget=400)
    assert (
        render(afternoon(), format="markdown", marker=MARKER, preset=poem, budget=1000).tokens
        <= 1000
    )


@pytest.mark.parametrize(
    ("title", "message", "expected"),
    [
        ("Rage Click", "button.pay", "Rage Click: button.pay"),
        ("no answer", "no answer from the bank", "no answer from the bank"),
        ("the whole message", "message", "the whole message"),
        (None, "only a message", "only a message"),
    ],
)
def test_event_without_exception_is_described_by_title_and_message(
    title: str | None, message: str, expected: str
) -> None:
    bare = replace(event(1, 1), title=title, body=EventBody(message=message))
    values = json.loads(render(answer(bare), format="json", marker=MARKER).text)
    assert [one["title"] for one in values["events"]] == [expected]


def test_export_of_one_issue_lists_the_others_as_left_out() -> None:
    whole, part = (
        json.loads(render(afternoon(8, 4), format="json", marker=MARKER, issue_id=which).text)
        for which in (None, "9002")
    )
    assert part["only_issue"] == "9002"
    assert [one["id"] for one in part["issues"]] == ["9002"]
    assert {one["issue_id"] for one in part["events"]} == {"9002"}
    assert part["totals"] == whole["totals"]
    assert {"what": "events of other issues", "count": 6} in part["elsewhere"]
    for kind in FORMATS:
        text = render(afternoon(8, 4), format=kind, marker=MARKER, issue_id="9002").text
        assert "9002" in text
        assert "9003" not in text


def test_issue_of_another_lookup_is_refused() -> None:
    with pytest.raises(ExportRefused, match="no problem with that ID"):
        render(afternoon(), format="json", marker=MARKER, issue_id="1")


def test_unknown_format_is_refused() -> None:
    with pytest.raises(ExportRefused, match="no export format with that name"):
        render(afternoon(), format="pdf", marker=MARKER)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("markdown", "export.md"),
        ("json", "export.json"),
        ("text", "export.txt"),
    ],
)
def test_export_equals_the_golden_file(kind: Format, name: str) -> None:
    export = render(
        afternoon(3, 2),
        format=kind,
        marker=MARKER,
        budget=2500,
        preset=EXPLAIN,
        zone="Europe/Berlin",
        lookup_id="5a0f6a52-6f4c-4c3e-9a53-0d5cf7a0b1ce",
    )

    assert export.text == (GOLDEN / name).read_text()
    assert name.endswith(export.suffix)


def test_each_format_names_the_only_field_searched() -> None:
    answer = afternoon()
    customer = replace(answer.question.customer, fields=("user.id",))
    answer = replace(answer, question=replace(answer.question, customer=customer))
    parts: dict[Format, str] = {
        "json": '"only_fields":["user.id"]',
        "markdown": "only in ",
        "text": "only in ",
    }
    for format, part in parts.items():
        assert part in render(answer, format=format, marker=MARKER, budget=None).text


def leaves(value: object) -> Iterator[str]:
    """Yield the texts and numbers in a value of a body."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner) if name != "type" else ()
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif value not in (None, "") and not isinstance(value, bool):
        yield str(value)


def facts_of_body(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a reader of the event needs, as Sentry sends it."""
    entries = {entry["type"]: entry["data"] for entry in body["entries"]}
    for raised in entries.get("exception", {}).get("values") or []:
        yield from (("exception", text) for text in leaves([raised["type"], raised["value"]]))
        yield from (
            ("mechanism", text) for text in leaves([(raised.get("mechanism") or {}).get("type")])
        )
    request = entries.get("request") or {}
    yield from (("request", text) for text in leaves([request.get("method"), request.get("url")]))
    for kind, value in (
        ("tag", [tag["value"] for tag in body.get("tags") or []]),
        ("context", body.get("contexts")),
        ("extra", body.get("context")),
    ):
        yield from ((kind, text) for text in leaves(value))
    for crumb in (entries.get("breadcrumbs", {}).get("values") or [])[-5:]:
        yield from (("breadcrumb", text) for text in leaves(crumb.get("message")))


def squashed(text: str) -> str:
    """Return the letters and digits only."""
    return re.sub(r"\W+", "", text).lower()


def test_default_export_of_an_event_has_its_facts_in_a_small_frame() -> None:
    for name in [*samples.known(), *samples.held_out()]:
        whole = replace(raw_answer([name]), issues=())
        export = render(whole, format="markdown", marker=MARKER)
        text, facts = squashed(export.text), samples.index()[name]
        wanted = [(kind, fact) for kind, fact in facts_of_body(samples.load(name)) if fact]
        crash = (facts["crash_frame"] or {}).values()
        wanted += [("crash frame", str(value)) for value in crash if value is not None]
        for kind, fact in wanted:
            assert export.omitted or squashed(fact)[:60] in text, (name, kind, fact)
        ours = re.sub(r"(?s)```recorded\n.*?\n```|(?<=\n# ).*", "```", export.text)
        assert count(ours) <= 130, (name, ours)
