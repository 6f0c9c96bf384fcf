"""One model, four formats: the same facts in each, and JSON just as it is promised."""

import json
from dataclasses import replace
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import pytest

from apps.events.answer import Notice, NoticeCode
from apps.events.event import EventBody
from apps.exports import ExportRefused, Format, Preset, render
from apps.exports.facts import NO_PRESET
from tests.exports.answers import (
    EXPLAIN,
    MARKER,
    REPLY,
    afternoon,
    answer,
    event,
    recursion,
)
from tests.exports.blocks import enclosed

GOLDEN = Path(__file__).parent / "golden"
FORMATS: tuple[Format, ...] = ("markdown", "xml", "json", "text")
BUDGETS = (700, 1500, 3000, 6000, 16_000)
EVENT_KEYS = [
    "id",
    "issue_id",
    "project",
    "timestamp",
    "title",
    "culprit",
    "transaction",
    "level",
    "handled",
    "release",
    "environment",
    "device",
    "trace_id",
    "exceptions",
    "breadcrumbs",
    "request",
    "permalink",
]
ISSUE_KEYS = [
    "id",
    "short_id",
    "title",
    "summary",
    "level",
    "project",
    "handled",
    "events",
    "users_affected",
    "first_seen",
    "last_seen",
    "permalink",
    "standing",
    "known",
]
TOP_KEYS = [
    "schema",
    "lookup_id",
    "customer",
    "matched_on",
    "window",
    "searched",
    "complete",
    "notices",
    "fetched_at",
    "from_cache",
    "totals",
    "issues",
    "known_unchecked",
    "events",
    "beside",
    "nearby",
    "redaction",
    "omitted",
]


def facts_of(values: dict[str, object]) -> set[str]:
    """Every text and number that JSON says about issues, events and omissions."""
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


def said_shorter(values: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    """Formats for people make an event's link of the issue's, and tell a day only once."""
    short = {event["permalink"]: event["id"] for event in values["events"] if event["permalink"]}
    times = {event["timestamp"]: event["timestamp"].split("T")[1] for event in values["events"]}
    return {**short, **times}


def crumb_times(values: dict[str, list[dict[str, list[dict[str, str]]]]]) -> set[str]:
    """Times that formats for people say in seconds from the moment."""
    return {crumb["timestamp"] for event in values["events"] for crumb in event["breadcrumbs"]}


@pytest.mark.parametrize(
    ("told", "budget"),
    list(product((afternoon(12, 3), recursion(), answer(complete=False)), BUDGETS)),
)
def test_all_formats_carry_the_same_facts(told: object, budget: int) -> None:
    exports = {
        kind: render(told, format=kind, marker=MARKER, budget=budget)  # type: ignore[arg-type]
        for kind in FORMATS
    }
    values = json.loads(exports["json"].text)
    root = ElementTree.fromstring(enclosed(exports["xml"].text, MARKER))  # noqa: S314
    in_xml = {part for node in root.iter() for part in (node.text, *node.attrib.values()) if part}

    for fact in facts_of(values) - crumb_times(values):
        assert fact in in_xml, f"XML lacks {fact}"
        if fact not in {told_issue["id"] for told_issue in values["issues"]}:
            shorter = said_shorter(values).get(fact, fact)
            for part in shorter.split(": ", 1):  # a title is the type and the message
                assert part in exports["markdown"].text, f"Markdown lacks {fact}"
                assert part in exports["text"].text, f"text lacks {fact}"
    assert len({export.omitted for export in exports.values()}) == 1
    crumbs = sum(len(one["breadcrumbs"]) for one in values["events"])
    assert crumbs == len(root.findall("story/crumb"))
    assert crumbs == exports["markdown"].text.count(" s `fetch info: ")


def test_json_has_the_keys_of_the_interface_in_their_order() -> None:
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


def test_json_without_a_budget_holds_everything_as_it_came() -> None:
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


def test_what_is_not_known_is_null() -> None:
    bare = replace(event(1, 1, body=False), handled=None, release=None, issue_id=None)
    values = json.loads(render(answer(bare), format="json", marker=MARKER, budget=None).text)

    told = values["events"][0]
    assert told["handled"] is told["release"] is told["request"] is told["issue_id"] is None
    assert told["exceptions"] == told["breadcrumbs"] == []
    assert values["issues"][0]["first_seen"] is None


@pytest.mark.parametrize("kind", FORMATS)
def test_an_empty_answer_says_whether_it_is_complete(kind: Format) -> None:
    sure = render(answer(), format=kind, marker=MARKER).text
    unsure = render(answer(complete=False), format=kind, marker=MARKER).text

    if kind == "json":
        assert json.loads(sure)["complete"] is True
        assert json.loads(unsure)["complete"] is False
    else:
        assert "The list of events is complete" in sure
        assert "The list of events is not complete" in unsure
    assert "There were more events than are listed." in unsure


@pytest.mark.parametrize("kind", FORMATS)
def test_least_budget_keeps_moment_completeness_and_notice(kind: Format) -> None:
    told = replace(
        afternoon(9, 3),
        complete=False,
        notices=(Notice(NoticeCode.STALE, "This answer is 40 minutes old."),),
    )
    text = render(told, format=kind, marker=MARKER, budget=500).text

    assert "2026-11-20T14:05:00Z" in text
    assert "stale" in text


@pytest.mark.parametrize("budget", [400, 900, 2000, 50_000])
@pytest.mark.parametrize("preset", [NO_PRESET, EXPLAIN, REPLY], ids=lambda preset: preset.name)
def test_facts_do_not_change_with_the_preset(preset: Preset, budget: int) -> None:
    plain = render(afternoon(), format="markdown", marker=MARKER, budget=budget).text
    asked = render(afternoon(), format="markdown", marker=MARKER, budget=budget, preset=preset)

    assert asked.text == f"{preset.question}{plain}"
    assert asked.tokens <= budget


def test_a_question_too_long_for_the_budget_is_refused_with_a_sentence() -> None:
    poem = Preset("poem", "Poem", "Write a poem of sorrow. " * 9)
    assert 50 < poem.tokens <= 100
    with pytest.raises(ExportRefused, match="a limit of 400 tokens leaves only 50 for it"):
        render(afternoon(), format="xml", marker=MARKER, preset=poem, budget=400)
    assert render(afternoon(), format="xml", marker=MARKER, preset=poem, budget=1000).tokens <= 1000


@pytest.mark.parametrize(
    ("title", "message", "told"),
    [
        ("Rage Click", "button.pay", "Rage Click: button.pay"),
        ("no answer", "no answer from the bank", "no answer from the bank"),
        ("the whole message", "message", "the whole message"),
        (None, "only a message", "only a message"),
    ],
)
def test_an_event_without_exception_is_told_by_title_and_message(
    title: str | None, message: str, told: str
) -> None:
    bare = replace(event(1, 1), title=title, body=EventBody(message=message))
    values = json.loads(render(answer(bare), format="json", marker=MARKER).text)
    assert [one["title"] for one in values["events"]] == [told]


def test_one_issue_alone_is_told_with_the_others_as_left_out() -> None:
    whole, part = (
        json.loads(render(afternoon(8, 4), format="json", marker=MARKER, issue_id=which).text)
        for which in (None, "9002")
    )
    assert part["only_issue"] == "9002"
    assert [told["id"] for told in part["issues"]] == ["9002"]
    assert {told["issue_id"] for told in part["events"]} == {"9002"}
    assert part["totals"] == whole["totals"]
    assert {"what": "events", "count": 6, "where": "other issues"} in part["omitted"]
    for kind in FORMATS:
        told = render(afternoon(8, 4), format=kind, marker=MARKER, issue_id="9002").text
        assert "9002" in told
        assert "9003" not in told


def test_an_issue_the_lookup_does_not_have_is_refused_with_a_sentence() -> None:
    with pytest.raises(ExportRefused, match="no problem with that ID"):
        render(afternoon(), format="json", marker=MARKER, issue_id="1")


def test_an_unknown_format_is_refused_with_a_sentence() -> None:
    with pytest.raises(ExportRefused, match="no export format with that name"):
        render(afternoon(), format="pdf", marker=MARKER)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("markdown", "export.md"),
        ("xml", "export.xml"),
        ("json", "export.json"),
        ("text", "export.txt"),
    ],
)
def test_export_reads_as_the_golden_file(kind: Format, name: str) -> None:
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
