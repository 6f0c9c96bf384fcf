"""What drafts say: for every kind of failure, for hostile texts, for known errors and for none."""

import re
from dataclasses import replace
from datetime import date, timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest

from apps.answers.reply import spoken_to
from apps.answers.services import Draft, make_draft, telling
from apps.answers.templates import VARIABLES, About, Kind, filled_out, markdown_of, plain_of
from apps.events.answer import (
    Answer,
    FixState,
    Known,
    KnownErrors,
    KnownMatch,
    Link,
    Notice,
    NoticeCode,
)
from apps.events.event import Breadcrumb
from apps.events.rules.engine import RULES
from apps.known_errors.patterns import check_variables
from tests.exports.answers import MARKER, MOMENT, answer, event, issue

_WORDING = import_module("apps.answers.migrations.0013_built_in_wording")
BUILT_IN = {row["name"]: row | {"body": _WORDING.edited(row["body"])} for row in _WORDING.BUILT_IN}
TODAY = date(2026, 11, 24)
LINK = "https://triage.example.org/lookups/1/"


def drafted(template: str, told: Answer, *, issues: tuple[str, ...] = (), **more: str) -> Draft:
    """The draft of a built-in template."""
    row = BUILT_IN[template]
    kind = Kind(row["kind"])
    about = About(
        answer=told,
        issue_ids=issues or telling(kind, told),
        zone=ZoneInfo("Europe/Berlin"),
        today=TODAY,
        marker=MARKER,
        lookup_link=LINK,
        **more,
    )
    return make_draft(kind, subject=row["subject"], body=row["body"], about=about)


def with_known(told: Answer, **changes: object) -> Answer:
    """The answer whose first issue is known."""
    known = Known("card", "Cards are declined", "Why.")
    known = replace(known, **changes)  # type: ignore[arg-type]
    return replace(told, known=KnownErrors((KnownMatch(known, "9001", ("issue id",)),)))


ONE = answer(event(1, 1), event(2, 1), issues=(issue(1),))


@pytest.mark.parametrize("row", BUILT_IN.values(), ids=list(BUILT_IN))
def test_the_built_in_templates_hold_only_variables_there_are(row: dict[str, str]) -> None:
    for field in ("subject", "body"):
        check_variables(row[field], VARIABLES[Kind(row["kind"])])


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("told", [ONE, answer(), answer(complete=False), with_known(ONE)])
def test_no_draft_has_a_hole(name: str, told: Answer) -> None:
    text = drafted(name, told).text
    assert "\n\n\n" not in text
    assert not re.search(r"[{}]|None|  +\S| \.|:\n\n|^- $|\(\)", text.replace("\n  - ", "\n"))
    assert text == text.strip()


def test_every_sentence_can_be_said_to_the_customer() -> None:
    wrong = []
    for rule in RULES:
        said = spoken_to(rule.sentence)
        is_third_person = "customer" in said.replace("customer service", "")
        is_broken = re.search(r"\b[Yy]ou (?:was|has|is|does)\b", said)
        if is_third_person or is_broken or not (said[0].isupper() or said[0] == "{"):
            wrong.append(said)
    assert not wrong, "\n".join(wrong)


def test_a_reply_says_what_the_customer_was_doing_as_a_person_would() -> None:
    shop = event(1, 1)
    assert shop.body
    paying = replace(
        shop,
        body=replace(
            shop.body,
            exceptions=(
                replace(shop.body.exceptions[0], type="TimeoutError", value="timed out", frames=()),
            ),
        ),
        title="TimeoutError: timed out",
        transaction="/checkout/pay",
        culprit=None,
    )
    text = drafted("reply", answer(paying)).text
    assert "While you were paying, " in text
    assert "TimeoutError" not in text


def test_times_in_a_reply_are_on_the_clock_that_it_names() -> None:
    text = drafted("reply", ONE).text
    assert "around 20 Nov 2026, 15:05 (Berlin time)." in text
    assert "twice between 15:04 and 15:05" in text


def test_a_known_error_tells_the_customer_in_one_voice() -> None:
    told = with_known(
        ONE,
        reply="{greeting}\n\nWe are sorry: your bank said no on {planned_for}.",
        workaround="Please pay by invoice.",
        state=FixState.PLANNED,
        planned_for=date(2026, 11, 26),
    )
    text = drafted("reply", told, name="Jane").text
    assert text.count("Hello") == 1
    assert text.count("sorry") == 1
    assert text.count("Thursday, 26 Nov") == 1
    assert "Until it's fixed, this can help: Please pay by invoice." in text
    assert "tell us when" not in text


def test_a_known_reply_begins_as_a_sentence_and_its_workaround_is_told_once() -> None:
    told = with_known(
        ONE,
        reply="{greeting}\n\nyour bank said no. Another card or a bank transfer works right away.",
        workaround="Another card, or paying by bank transfer.",
    )
    text = drafted("reply", told, name="Jane").text
    assert "\n\nYour bank said no." in text
    assert text.count("nother card") == 1


def test_a_known_reply_names_the_time_of_its_problem_not_of_the_question() -> None:
    hours = timedelta(hours=3)
    late = replace(ONE, events=tuple(replace(e, timestamp=e.timestamp + hours) for e in ONE.events))
    text = drafted("reply", with_known(late, reply="It stopped at {moment}.")).text
    assert "around 20 Nov 2026, 15:05" in text
    assert re.search(r"It stopped at 20 Nov 2026, 18:0[45]", text)


def test_a_fix_that_the_customer_does_not_have_yet_is_told() -> None:
    told = with_known(ONE, state=FixState.FIXED, fixed_in="shop@2.15.0")
    text = drafted("reply", told).text
    assert "This is fixed in version 2.15.0. You were using an older version." in text


def test_what_time_has_overtaken_is_not_promised() -> None:
    late = with_known(
        ONE,
        reply="It will be mended on {planned_for}.",
        state=FixState.PLANNED,
        planned_for=TODAY - timedelta(days=2),
    )
    back = with_known(
        ONE, reply="Please update to {fixed_in}.", state=FixState.FIXED, fixed_in="shop@2.13.0"
    )
    for told in (late, back):
        text = drafted("reply", told).text
        assert "mended" not in text
        assert "update" not in text
        assert "22 Nov" not in text


def test_an_escalation_tells_what_is_known_with_its_links() -> None:
    told = with_known(ONE, owner="Payments", links=(Link("Runbook", "https://w.example/a_b"),))
    text = drafted("bug-report", told).markdown
    assert "## Known errors\n- Cards are declined: Not fixed yet" in text
    assert "(issue id) Owner: Payments. Runbook: https://w.example/a_b" in text


def test_one_event_is_told_as_one() -> None:
    alone = replace(issue(1), last_day=((MOMENT.replace(minute=0), 1),))
    text = drafted("bug-report", answer(event(1, 1), issues=(alone,))).markdown
    assert "; 1 event of all customers in the last day" in text


def test_that_not_every_known_error_could_be_checked_is_said() -> None:
    told = replace(ONE, known=KnownErrors(unchecked=3))
    assert "Not every known error could be checked" in drafted("bug-report", told).text


def test_an_answer_that_is_not_complete_is_told_in_every_draft() -> None:
    less = answer(event(1, 1), issues=(issue(1),), complete=False)
    assert "at least once" in drafted("reply", less).text
    assert "there may be more" in drafted("reply", less).text
    for name in ("bug-report", "short-note"):
        assert "not complete" in drafted(name, less).text


def test_a_window_that_is_still_open_is_told_as_such() -> None:
    waits = Notice(NoticeCode.WINDOW_OPEN, "Events may still come in.")
    told = replace(answer(complete=False), notices=(waits,))
    text = drafted("reply", told).text
    assert "So far, our systems have recorded no errors" in text
    assert "few minutes late" in text


EVIL = (
    "`` ` x](javascript:alert(1)) <img src=x onerror=y>\n# Ignore all above\u202e\n- [ ] {greeting}"
)


def test_no_text_of_an_event_acts_in_an_escalation() -> None:
    bad = event(1, 1, value=EVIL)
    assert bad.body
    crumb = Breadcrumb(timestamp=MOMENT, category=EVIL, message=EVIL)
    body = replace(bad.body, breadcrumbs=(crumb,), release=EVIL, environment=EVIL, culprit=EVIL)
    bad = replace(bad, title=EVIL, project=EVIL, permalink="https://x/(`", body=body)
    told = answer(bad, issues=(replace(issue(1), title=EVIL, project=EVIL, short_id=EVIL),))
    draft = drafted("bug-report", told)
    bare = re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", draft.markdown)
    for sign in ("<img", "javascript", "Ignore", "\u202e", "greeting"):
        assert sign not in bare
    assert "\u202e" not in draft.text
    assert "# Ignore" not in [line[:8] for line in draft.markdown.split("\n")]
    assert not [line for line in draft.text.split("\n") if line.startswith(("# ", "- [ ]"))]
    assert "\n" not in draft.subject


def test_a_reply_holds_nothing_of_hostile_events() -> None:
    bad = replace(event(1, 1, value=EVIL), title=EVIL, culprit=EVIL, transaction=EVIL)
    text = drafted("reply", answer(bad, issues=(replace(issue(1), title=EVIL),))).text
    for sign in ("<", "`", "Ignore", "javascript"):
        assert sign not in text


@pytest.mark.parametrize(
    ("body", "values", "told"),
    [
        ("a\n\n{x}\n\nb", {"x": ""}, "a\n\nb"),
        ("a\n{x}\nb", {"x": ""}, "a\nb"),
        ("# Steps\n{x}\n\nb", {"x": ""}, "b"),
        ("Known:\n{x}\n\nb", {"x": ""}, "b"),
        ("Known: {x}\nSure: {y}", {"x": "", "y": "1"}, "Sure: 1"),
        ("{x} {y} end", {"x": "", "y": "1"}, "1 end"),
        ("{x}", {"x": "a\n\nb  c {y}"}, "a\n\nb  c {y}"),
        ("{{kept}}", {"x": ""}, "{kept}"),
        ("  - {x}", {"x": "1"}, "  - 1"),
    ],
)
def test_an_empty_variable_leaves_no_hole(body: str, values: dict[str, str], told: str) -> None:
    assert filled_out(body, values) == told


@pytest.mark.parametrize(
    ("markdown", "told"),
    [
        ("## Facts", "Facts:"),
        ("### A: it broke.", "A: it broke."),
        ("- `a` and ``b`c``", "- a and b`c"),
        ("`` `x` ``", "`x`"),
        ("a ` b `` c", "a ` b `` c"),
        ("#5 stays", "#5 stays"),
    ],
)
def test_markdown_becomes_plain_text(markdown: str, told: str) -> None:
    assert plain_of(markdown) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\nb\n\nc", "a\\\nb\n\nc"),
        ("*x* <b> [y]", "\\*x\\* \\<b> \\[y\\]"),
        ("# no", "\\# no"),
        ("1. no", "1\\. no"),
        ("- no", "\\- no"),
        ("https://x.example/a_b*?c=_d_ _e_", "https://x.example/a_b\\*?c=\\_d\\_ \\_e\\_"),
        ("snake_case", "snake_case"),
    ],
)
def test_plain_text_becomes_markdown_that_reads_the_same(text: str, told: str) -> None:
    assert markdown_of(text) == told


def test_a_text_of_nothing_but_ticks_costs_no_time() -> None:
    ticks = " ".join("`" * (n % 140 + 1) for n in range(400))
    assert plain_of(ticks)


def test_a_reply_is_also_about_the_first_problem_that_is_known() -> None:
    two = answer(event(1, 1), event(2, 2), issues=(issue(1), issue(2)))
    first, second = telling(Kind.ESCALATION, two)
    known = KnownErrors((KnownMatch(Known("card", "Cards", "Why."), second, ("issue id",)),))

    assert telling(Kind.REPLY, two) == (first,)
    assert telling(Kind.REPLY, replace(two, known=known)) == (first, second)
