"""The indexed matching agrees with a naive evaluation of every entry and event."""

from contextlib import suppress
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.events.answer import RelatedData
from apps.events.event import Event, LogEntry, Span
from apps.events.observations import troubles_of
from apps.known_errors.matching import Catalogue, Entry, build_catalogue
from apps.known_errors.patterns import (
    Comparison,
    Field,
    PartRefused,
    TextRule,
    compile_expression,
)
from tests.examples import examples
from tests.known_errors.facts import activity, answer, entry, event, found

WORDS = ("pay", "Pay", "card", "timeout", "Straße", "4", "K", ".", "a", "ab")
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
EXPRESSIONS = st.lists(
    st.sampled_from((*WORDS[:6], r"\d", ".*", "^", "$", "|", "(?:", ")", "+", "?", "[a-c]", r"\.")),
    min_size=1,
    max_size=5,
).map("".join)
EVENTS = st.builds(
    lambda number, kind, message, culprit, issue: event(
        number, title=f"{kind}: {message}", culprit=culprit, issue_id=issue
    ),
    st.integers(0, 9),
    TEXTS,
    TEXTS,
    TEXTS,
    st.sampled_from(("1", "2", "3")),
)
RULES = st.one_of(
    st.fixed_dictionaries({"contains": TEXTS}),
    st.fixed_dictionaries({"exact": TEXTS}),
    st.fixed_dictionaries({"expression": EXPRESSIONS}),
)
PATTERNS = st.fixed_dictionaries(
    {},
    optional={
        "issue": st.sampled_from(("1", "2", "9")),
        "type": RULES,
        "message": RULES,
        "culprit": RULES,
        "project": st.sampled_from(("web", "api")),
    },
)


def _catalogue(patterns: list[dict[str, object]]) -> Catalogue:
    """Return a catalogue of the patterns that are valid."""
    entries = []
    for number, pattern in enumerate(patterns):
        with suppress(PartRefused):
            entries.append(entry(f"n{number}", pattern))
    return build_catalogue(entries)


@settings(max_examples=examples(400), deadline=None)
@given(st.lists(PATTERNS, max_size=8), st.lists(EVENTS, min_size=1, max_size=6))
def test_indexed_and_naive_matching_agree(
    patterns: list[dict[str, object]], events: list[Event]
) -> None:
    catalogue = _catalogue(patterns)
    result = found(catalogue, answer(*events))

    slugs = {
        issue: [match.known.slug for match in result.for_issue(issue)] for issue in ("1", "2", "3")
    }
    assert slugs == {
        issue: [
            one.known.slug
            for one in catalogue.entries
            if any(_fits(one, event) for event in events if event.issue_id == issue)
        ][:5]
        for issue in ("1", "2", "3")
    }


ROWS = st.lists(st.tuples(st.booleans(), TEXTS, st.sampled_from(("web", "api"))), max_size=6)
ROW_PATTERNS = st.builds(
    lambda field, rule, project: {field: rule, "project": project},
    st.sampled_from(("log", "request")),
    RULES,
    st.sampled_from(("", "web")),
)


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(ROW_PATTERNS, max_size=6), ROWS)
def test_indexed_and_naive_matching_of_logs_and_requests_agree(
    patterns: list[dict[str, object]], rows: list[tuple[bool, str, str]]
) -> None:
    catalogue = _catalogue(patterns)
    quiet = replace(answer(), beside=_related(rows))
    result = found(catalogue, quiet)

    for trouble in troubles_of(quiet):
        slugs = [match.known.slug for match in result.for_issue(trouble.rows[0].id)]
        fitting = [
            one.known.slug
            for one in catalogue.entries
            if any(_row_fits(one, row) for row in trouble.rows)
        ]
        assert slugs == fitting[:5]


def _related(rows: list[tuple[bool, str, str]]) -> RelatedData:
    """Return failed requests, and errors in logs, each in a trace of its own."""
    log, span = activity().logs[1], activity().spans[0]
    common = [
        (is_log, text, {"project": project, "trace_id": f"{number:032x}", "release": None})
        for number, (is_log, text, project) in enumerate(rows)
    ]
    return RelatedData(
        logs=tuple(
            replace(log, id=f"{number:032x}", message=text, **values)  # type: ignore[arg-type]
            for number, (is_log, text, values) in enumerate(common)
            if is_log
        ),
        spans=tuple(
            replace(span, id=f"{number:016x}", description=text, transaction=None, **values)  # type: ignore[arg-type]
            for number, (is_log, text, values) in enumerate(common)
            if not is_log
        ),
    )


def _row_fits(one: Entry, row: LogEntry | Span) -> bool:
    if one.pattern.project not in ("", row.project):
        return False
    (rule,) = one.pattern.texts
    if isinstance(row, LogEntry):
        return rule.field is Field.LOG and _fits_text(rule, row.message or "")
    texts = (row.description or "", f"{row.description} {row.http_status} {row.status}")
    return rule.field is Field.REQUEST and any(_fits_text(rule, text) for text in texts)


def _fits(one: Entry, happened: Event) -> bool:
    pattern = one.pattern
    return (
        pattern.issue in ("", happened.issue_id)
        and pattern.project in ("", "web")
        and all(_text_fits(rule, happened) for rule in pattern.texts)
    )


def _text_fits(rule: TextRule, happened: Event) -> bool:
    title = happened.title or ""
    text = {
        Field.TYPE: title.partition(": ")[0],
        Field.MESSAGE: title,
        Field.CULPRIT: happened.culprit or "",
    }[rule.field]
    return _fits_text(rule, text)


def _fits_text(rule: TextRule, text: str) -> bool:
    if rule.comparison is Comparison.EXPRESSION:
        return compile_expression(rule.value).search(text) is not None
    folded, wanted = text.casefold(), rule.value.casefold()
    return folded == wanted if rule.comparison is Comparison.EXACT else wanted in folded
