"""The indexed matching agrees with a naive evaluation of every entry and event."""

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.events.event import Event
from apps.known_errors.matching import Entry, build_catalogue
from apps.known_errors.patterns import (
    Comparison,
    Field,
    PatternRefused,
    TextRule,
    compile_expression,
)
from tests.examples import examples
from tests.known_errors.facts import answer, entry, event, found

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


@settings(max_examples=examples(400), deadline=None)
@given(st.lists(PATTERNS, max_size=8), st.lists(EVENTS, min_size=1, max_size=6))
def test_indexed_and_naive_matching_agree(
    patterns: list[dict[str, object]], events: list[Event]
) -> None:
    entries = []
    for number, pattern in enumerate(patterns):
        try:
            entries.append(entry(f"n{number}", pattern))
        except PatternRefused:
            continue
    catalogue = build_catalogue(entries)
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
    if rule.comparison is Comparison.EXPRESSION:
        return compile_expression(rule.value).search(text) is not None
    folded, wanted = text.casefold(), rule.value.casefold()
    return folded == wanted if rule.comparison is Comparison.EXACT else wanted in folded
