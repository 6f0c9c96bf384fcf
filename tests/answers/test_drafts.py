"""Texts of drafts: all rules, hostile events, known errors, and empty results."""

import re
from dataclasses import replace
from datetime import date, timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest

from apps.answers.reply import name_in, to_second_person
from apps.answers.services import Draft, default_issue_ids, make_draft
from apps.answers.templates import VARIABLES, About, Kind, fill_template, to_markdown, to_plain_text
from apps.events.answer import (
    Answer,
    CatalogEntry,
    Feedback,
    FixState,
    KnownErrors,
    KnownMatch,
    Link,
    Notice,
    NoticeCode,
    OtherOccurrences,
    RelatedData,
    Replay,
)
from apps.events.event import Breadcrumb, Event, EventBody, Request
from apps.events.grouping import problems_of
from apps.events.rules.engine import all_rules
from apps.known_errors.catalogue import with_replies
from apps.known_errors.patterns import check_variables
from tests.exports.answers import MARKER, MOMENT, answer, event, issue
from tests.web.answers import log, span, without_errors

pytestmark = pytest.mark.usefixtures("one_request")

_WORDING = import_module("apps.answers.migrations.0014_messages_in_reports")
BUILT_IN = {row["name"]: row | {"body": _WORDING.edited(row["body"])} for row in _WORDING.BUILT_IN}
TODAY = date(2026, 11, 24)
LINK = "https://triage.example.org/lookups/1/"


def drafted(template: str, result: Answer, *, issues: tuple[str, ...] = (), **more: str) -> Draft:
    """Make a draft from a built-in template."""
    row = BUILT_IN[template]
    kind = Kind(row["kind"])
    about = About(
        answer=result,
        issue_ids=issues or default_issue_ids(kind, result),
        zone=ZoneInfo("Europe/Berlin"),
        today=TODAY,
        marker=MARKER,
        lookup_link=LINK,
        **more,
    )
    return make_draft(kind, subject=row["subject"], body=row["body"], about=about)


def with_known(result: Answer, **changes: object) -> Answer:
    """Return the result with its first issue known."""
    known = CatalogEntry("card", "Cards are declined", "Why.")
    known = replace(known, **changes)  # type: ignore[arg-type]
    return replace(result, known=KnownErrors((KnownMatch(known, "9001", ("issue id",)),)))


ONE = answer(event(1, 1), event(2, 1), issues=(issue(1),))


@pytest.mark.parametrize("row", BUILT_IN.values(), ids=list(BUILT_IN))
def test_built_in_templates_use_only_known_variables(row: dict[str, str]) -> None:
    for field in ("subject", "body"):
        check_variables(row[field], VARIABLES[Kind(row["kind"])])


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("result", [ONE, answer(), answer(complete=False), with_known(ONE)])
def test_drafts_have_no_gaps(name: str, result: Answer) -> None:
    text = drafted(name, result).text
    assert "\n\n\n" not in text
    assert not re.search(r"[{}]|None|  +\S| \.|:\n\n|^- $|\(\)", text.replace("\n  - ", "\n"))
    assert text == text.strip()


def test_every_rule_sentence_turns_into_the_second_person() -> None:
    wrong = []
    for rule in all_rules():
        sentence = to_second_person(rule.sentence)
        is_third_person = "customer" in sentence.replace("customer service", "")
        is_broken = re.search(r"\b[Yy]ou (?:was|has|is|does)\b", sentence)
        if is_third_person or is_broken or not (sentence[0].isupper() or sentence[0] == "{"):
            wrong.append(sentence)
    assert not wrong, "\n".join(wrong)


def test_a_reply_says_what_the_customer_was_doing() -> None:
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


def test_times_in_a_reply_are_in_the_named_zone() -> None:
    text = drafted("reply", ONE).text
    assert "around 20 Nov 2026, 15:05 (Berlin time)." in text
    assert "twice between 15:04 and 15:05" in text


def test_a_known_error_blends_into_the_reply() -> None:
    result = with_known(
        ONE,
        reply="{greeting}\n\nWe are sorry: your bank said no on {planned_for}.",
        workaround="Please pay by invoice.",
        state=FixState.PLANNED,
        planned_for=date(2026, 11, 26),
    )
    text = drafted("reply", result, name="Jane").text
    assert text.count("Hello") == 1
    assert text.count("sorry") == 1
    assert text.count("Thursday, 26 Nov") == 1
    assert "Until it's fixed, this can help: Please pay by invoice." in text
    assert "tell us when" not in text


def test_a_known_reply_starts_a_sentence_and_does_not_repeat_the_workaround() -> None:
    result = with_known(
        ONE,
        reply="{greeting}\n\nyour bank said no. Another card or a bank transfer works right away.",
        workaround="Another card, or paying by bank transfer.",
    )
    text = drafted("reply", result, name="Jane").text
    assert "\n\nYour bank said no." in text
    assert text.count("nother card") == 1


def test_a_known_reply_has_the_time_of_its_problem() -> None:
    hours = timedelta(hours=3)
    late = replace(ONE, events=tuple(replace(e, timestamp=e.timestamp + hours) for e in ONE.events))
    text = drafted("reply", with_known(late, reply="It stopped at {moment}.")).text
    assert "around 20 Nov 2026, 15:05" in text
    assert "It stopped at 20 Nov 2026, 18:04 to 18:05 (Berlin time)" in text


def test_a_reply_mentions_a_fix_in_a_newer_release() -> None:
    result = with_known(ONE, state=FixState.FIXED, fixed_in="shop@2.15.0")
    text = drafted("reply", result).text
    assert "This is fixed in version 2.15.0. You were using an older version." in text


def test_a_reply_asks_to_update_to_the_release_that_fixes_it() -> None:
    app, page = (
        replace(event(1, 1), platform=platform, release="shop@2.14.0+31")
        for platform in ("cocoa", "javascript")
    )
    fixed = replace(issue(1), status="resolved", fixed_in="shop@2.15.0+40")
    rows = (
        ("the known error says so", with_known(answer(app), state=FixState.FIXED, fixed_in="2.15")),
        ("Sentry says so", answer(app, issues=(fixed,))),
        ("both do", with_known(answer(app, issues=(fixed,)), workaround="Use the website.")),
    )
    for what, result in rows:
        text = drafted("reply", result).text
        assert re.search(r"You were using 2\.14\.0, so please update to 2\.15(\.0)?\.", text), what
        assert text.count("This is fixed in version") == 1, what
        assert "tell us when" not in text, what
    assert "Please reload the page" in drafted("reply", answer(page, issues=(fixed,))).text
    for other in (
        replace(fixed, status="unresolved"),
        replace(fixed, fixed_in="shop@2.13.0"),
        replace(fixed, fixed_in="0123456789abcdef0123456789abcdef01234567"),
        replace(fixed, fixed_in=None, fixed_in_next=True),
    ):
        assert "fixed" not in drafted("reply", answer(app, issues=(other,))).text


def test_a_reply_without_errors_mentions_clicks_without_effect() -> None:
    replay = Replay("1" * 32, MOMENT, dead_clicks=6)
    result = replace(answer(), beside=RelatedData(replays=(replay,)))
    assert "no errors" in drafted("reply", result).text
    assert "We did see that 6 of your clicks had no effect." in drafted("reply", result).text
    assert "effect" not in drafted("reply", answer()).text


def test_drafts_without_errors_know_what_the_customer_wrote() -> None:
    replay = Replay("1" * 32, MOMENT, dead_clicks=6, permalink="https://sentry.example/r/1/")
    message = Feedback("f1", MOMENT + timedelta(minutes=2), "*No* answer")
    result = replace(answer(), beside=RelatedData(replays=(replay,), feedback=(message,)))
    reply = drafted("reply", result).text
    assert "We have your message from 15:07" in reply
    assert "what you had just done" not in reply
    report = drafted("bug-report", result).markdown
    assert "- The customer wrote, 14:07:00 UTC: `*No* answer`" in report
    assert "clicks that did nothing` https://sentry.example/r/1/" in report


def test_a_reply_about_a_repeated_failure_does_not_wait_for_another() -> None:
    broken = tuple(replace(one, title="KeyError: 'x'", body=None) for one in ONE.events)
    twice = replace(ONE, events=broken, issues=(replace(issue(1), status="unresolved"),))
    assert "passing them on to our engineers" in drafted("reply", twice).text
    assert "tell us when" not in drafted("reply", twice).text
    offline = tuple(
        replace(one, platform="javascript", title="TypeError: Failed to fetch", body=None)
        for one in ONE.events
    )
    once = replace(twice, events=broken[:1])
    for result in (once, replace(twice, events=offline)):
        assert "tell us when" in drafted("reply", result).text


def test_a_reply_asks_a_customer_never_seen_for_another_identifier() -> None:
    never = OtherOccurrences(MOMENT - timedelta(days=90), MOMENT)
    text = drafted("reply", replace(answer(), nearby=never)).text
    assert "Which email or user ID do you sign in with?" in text
    assert "recorded no errors" not in text
    assert "Which email" not in drafted("reply", answer()).text


def test_a_reply_says_that_the_app_crashed() -> None:
    crash = replace(event(1, 1), platform="cocoa", level="fatal", handled=False)
    assert "The app crashed. " in drafted("reply", answer(crash)).text
    for other in (replace(crash, level="error"), replace(crash, platform="python")):
        assert "crashed" not in drafted("reply", answer(other)).text


def test_a_reply_greets_by_a_name_that_the_identifier_gives() -> None:
    for identifier, name in (
        ("NADIA.HADDAD@EXAMPLE.COM", "Nadia Haddad"),
        ("jean-luc.picard+shop@example.org", "Jean-Luc Picard"),
        ('José "Pepe" Muñoz', "José Muñoz"),
        ("mia+shop@example.org", ""),
        ("customer.service@example.org", ""),
        ("j.doe@example.org", ""),
        ("jane.doe2@example.org", ""),
        ("no-reply@example.org", ""),
        ("1001", ""),
        ("CORP\\kowalski", ""),
        ("sakura_田中", ""),
        ("9b2f6c1e-4d7a-4f0e-8a53-2c6d1e9b7f10", ""),
    ):
        assert name_in(identifier) == name, identifier


def test_outdated_fixes_are_not_promised() -> None:
    late = with_known(
        ONE,
        reply="It will be mended on {planned_for}.",
        state=FixState.PLANNED,
        planned_for=TODAY - timedelta(days=2),
    )
    back = with_known(
        ONE, reply="Please update to {fixed_in}.", state=FixState.FIXED, fixed_in="shop@2.13.0"
    )
    for result in (late, back):
        text = drafted("reply", result).text
        assert "mended" not in text
        assert "update" not in text
        assert "22 Nov" not in text


def test_an_escalation_lists_known_errors_with_links() -> None:
    result = with_known(ONE, owner="Payments", links=(Link("Runbook", "https://w.example/a_b"),))
    text = drafted("bug-report", result).markdown
    assert "## Known errors\n- Cards are declined: Not fixed yet" in text
    assert "(issue id) Owner: Payments. Runbook: https://w.example/a_b" in text


def test_one_event_is_singular() -> None:
    alone = replace(issue(1), last_day=((MOMENT.replace(minute=0), 1),))
    text = drafted("bug-report", answer(event(1, 1), issues=(alone,))).markdown
    assert "; 1 event across all customers in the last day" in text


def test_unchecked_known_errors_are_mentioned() -> None:
    result = replace(ONE, known=KnownErrors(unchecked=3))
    assert "Not every known error could be checked" in drafted("bug-report", result).text


def test_every_draft_says_that_a_result_is_incomplete() -> None:
    less = answer(event(1, 1), issues=(issue(1),), complete=False)
    assert "at least once" in drafted("reply", less).text
    assert "there may be more" in drafted("reply", less).text
    for name in ("bug-report", "short-note"):
        assert "incomplete" in drafted(name, less).text


def test_a_reply_says_that_events_may_be_late() -> None:
    waits = Notice(NoticeCode.WINDOW_OPEN, "Events may still come in.")
    result = replace(answer(complete=False), notices=(waits,))
    text = drafted("reply", result).text
    assert "So far, our systems have recorded no errors" in text
    assert "few minutes late" in text


EVIL = (
    "`` ` x](javascript:alert(1)) <img src=x onerror=y>\n# Ignore all above\u202e\n- [ ] {greeting}"
)


def test_event_texts_are_inert_in_an_escalation() -> None:
    bad = event(1, 1, value=EVIL)
    assert bad.body
    crumb = Breadcrumb(timestamp=MOMENT, category=EVIL, message=EVIL)
    body = replace(bad.body, breadcrumbs=(crumb,), release=EVIL, environment=EVIL, culprit=EVIL)
    bad = replace(bad, title=EVIL, project=EVIL, permalink="https://x/(`", body=body)
    result = answer(bad, issues=(replace(issue(1), title=EVIL, project=EVIL, short_id=EVIL),))
    draft = drafted("bug-report", result)
    bare = re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", draft.markdown)
    for sign in ("<img", "javascript", "Ignore", "\u202e", "greeting"):
        assert sign not in bare
    assert "\u202e" not in draft.text
    assert "# Ignore" not in [line[:8] for line in draft.markdown.split("\n")]
    assert not [line for line in draft.text.split("\n") if line.startswith(("# ", "- [ ]"))]
    assert "\n" not in draft.subject


def test_a_reply_quotes_nothing_of_hostile_events() -> None:
    bad = replace(event(1, 1, value=EVIL), title=EVIL, culprit=EVIL, transaction=EVIL)
    text = drafted("reply", answer(bad, issues=(replace(issue(1), title=EVIL),))).text
    for sign in ("<", "`", "Ignore", "javascript"):
        assert sign not in text


@pytest.mark.parametrize(
    ("body", "values", "expected"),
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
def test_an_empty_variable_leaves_no_gap(body: str, values: dict[str, str], expected: str) -> None:
    assert fill_template(body, values) == expected


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("## Facts", "Facts:"),
        ("### A: it broke.", "A: it broke."),
        ("- `a` and ``b`c``", "- a and b`c"),
        ("`` `x` ``", "`x`"),
        ("a ` b `` c", "a ` b `` c"),
        ("#5 stays", "#5 stays"),
    ],
)
def test_markdown_becomes_plain_text(markdown: str, expected: str) -> None:
    assert to_plain_text(markdown) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
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
def test_plain_text_becomes_equivalent_markdown(text: str, expected: str) -> None:
    assert to_markdown(text) == expected


def test_many_backticks_take_linear_time() -> None:
    ticks = " ".join("`" * (n % 140 + 1) for n in range(400))
    assert to_plain_text(ticks)


def test_a_reply_is_about_the_headline_even_if_only_another_problem_is_known() -> None:
    two = answer(event(1, 1), event(3, 1), event(5, 1), event(2, 2), issues=(issue(1), issue(2)))
    first, second = default_issue_ids(Kind.ESCALATION, two)
    known = KnownErrors((KnownMatch(CatalogEntry("card", "Cards", "Why."), second, ("issue id",)),))

    assert default_issue_ids(Kind.REPLY, replace(two, known=known)) == (first,)


def test_no_reply_says_to_try_again_while_a_payment_is_uncertain() -> None:
    """What a known error says of one failure may not contradict the warning about another."""
    timeout = replace(
        event(1, 1), title="AxiosError: Request failed with status code 504", platform="javascript"
    )
    call = {"method": "POST", "url": "/api/orders/1/pay", "status_code": 504}
    crumb = Breadcrumb(timeout.timestamp, category="fetch", data=call)
    paid = replace(timeout, handled=True, body=EventBody(breadcrumbs=(crumb,)))
    locked = event(5, 2)
    for reply, is_kept in (("Please try again.", False), ("It was our mistake.", True)):
        known = CatalogEntry("lock", "Orders are locked", "Why.", reply=reply, workaround="Retry.")
        both = replace(
            answer(paid, locked, issues=(issue(1), issue(2))),
            known=KnownErrors((KnownMatch(known, locked.issue_id or "", ("issue id",)),)),
        )
        ids = tuple(problem.issue_id for problem in problems_of(both))
        text = drafted("reply", both, issues=ids).text
        assert "Please don't pay again" in text
        assert (reply in text, "Retry." in text) == (is_kept, False)
        shown = with_replies(both, zone=ZoneInfo("UTC"), today=TODAY).known.matches[0].known
        assert (reply in shown.reply, shown.workaround) == (is_kept, "")
        alone = drafted("reply", both, issues=(locked.issue_id or "",)).text
        assert (reply in alone, "Please don't pay again" in alone) == (is_kept, True)


def test_a_reply_says_of_each_problem_only_what_is_true_of_it() -> None:
    key, other, third = (
        replace(event(number, number), platform="python", title=title, body=None)
        for number, title in ((1, "KeyError: 'x'"), (2, "OSError: disk full"), (3, "Boom: y"))
    )
    issues = tuple(replace(issue(one), status="unresolved", fixed_in=None) for one in (1, 2, 3))
    sample = answer(key, other, third, issues=issues)
    for known, expected in (
        ({"reply": "This is fixed in version {fixed_in}.", "fixed_in": "3.0"}, "version 3.0."),
        ({"reply": "Your order is fine."}, "order is fine."),
        ({}, "don't have a date for the fix yet."),
    ):
        result = with_known(sample, **known)
        ids = tuple(problem.issue_id for problem in problems_of(result))
        text = drafted("reply", result, issues=ids).text
        paragraphs = [one for one in text.split("\n\n") if re.match(r"\d\. ", one)]
        assert len(paragraphs) == 3
        helped = [one[:2] for one in paragraphs if one.endswith(expected)]
        place = ids.index("9001") + 1
        assert helped == [f"{place}."]
        rest = " and ".join(str(one) for one in (1, 2, 3) if one != place)
        assert f"We have recorded problems {rest} and are passing them on" in text
    twice = answer(*(replace(other, id=str(at), issue_id=f"900{at}") for at in (1, 2)))
    text = drafted("reply", twice, issues=("9001", "9002")).text
    assert (text.count("storage"), "1." in text) == (1, False)
    assert "We have recorded this problem and are passing it on" in text


def test_advice_about_something_else_is_kept_while_a_payment_is_uncertain() -> None:
    call = {"method": "POST", "url": "/api/payments", "status_code": 504}
    timeout = event(1, 1)
    crumb = Breadcrumb(timeout.timestamp, category="fetch", data=call)
    paid = replace(
        timeout,
        title="AxiosError: Request failed with status code 504",
        platform="javascript",
        handled=True,
        body=EventBody(breadcrumbs=(crumb,)),
    )
    for title, path, is_kept in (
        ("TokenExpiredError: jwt expired", "sessions", True),
        ("OSError: disk full", "account/address", True),
        ("OperationalError: deadlock detected", "checkout", False),
        ("OperationalError: deadlock detected", "x", False),
    ):
        body = EventBody(request=Request("POST", f"https://shop.example/{path}"))
        other = replace(event(9, 2), title=title, platform="python", body=body)
        known = CatalogEntry("k", "Known", "Why.", reply="Please try it again.")
        both = replace(
            answer(paid, other, issues=(issue(1), issue(2))),
            known=KnownErrors((KnownMatch(known, "9002", ("issue id",)),)),
        )
        text = drafted("reply", both, issues=("9002",)).text
        assert ("try it again" in text) == is_kept, title
        assert ("don't pay again" in text) != is_kept, title


def test_an_order_for_which_something_else_failed_is_not_called_fine() -> None:
    def failed(number: int, path: str) -> Event:
        request = Request("POST", f"https://shop.example/{path}")
        body = EventBody(request=request)
        return replace(event(number, number), platform="python", title="OSError: x", body=body)

    for other, is_kept in (("orders/K-7", False), ("orders/K-8", True), ("profile", True)):
        result = with_known(
            answer(failed(1, "orders/K-7/mail"), failed(2, other), issues=(issue(1), issue(2))),
            reply="Your order is fine.",
        )
        text = drafted("reply", result, issues=("9001",)).text
        assert ("is fine" in text) == is_kept, other


def test_a_reply_does_not_repeat_what_the_known_error_says() -> None:
    result = with_known(ONE, reply="The card was declined: the payment did not work.")
    text = drafted("reply", result).text
    assert text.count("declined") == 1
    assert "We saw an error twice between 15:04 and 15:05." in text


def test_an_escalation_includes_what_was_fixed_but_may_be_back() -> None:
    numbers = (1, 2, 3, 4, 5)
    many = answer(*(event(n, n) for n in numbers), issues=tuple(map(issue, numbers)))
    *_first, last = (problem.issue_id for problem in problems_of(many))
    assert last not in default_issue_ids(Kind.ESCALATION, many)
    for fixed_in, is_included in (("0.1.0", True), ("999.0.0", False)):
        fixed = CatalogEntry("card", "Cards", "Why.", state=FixState.FIXED, fixed_in=fixed_in)
        known = KnownErrors((KnownMatch(fixed, last, ("issue id",)),))
        chosen = default_issue_ids(Kind.ESCALATION, replace(many, known=known))
        assert (last in chosen) == is_included
        assert default_issue_ids(Kind.REPLY, replace(many, known=known)) == chosen[:1]


def test_an_escalation_lists_the_related_errors() -> None:
    timeout = replace(event(7, 7), title="ReadTimeout: gateway `x`", project="pay")
    result = replace(ONE, beside=RelatedData(trace_errors=(timeout,)))
    draft = drafted("bug-report", result).markdown
    assert "### Related errors (same traces)\n- " in draft
    assert "UTC: ``ReadTimeout: gateway `x` in" in draft
    assert f" in pay {timeout.permalink}" in draft


def test_a_reply_has_the_facts_of_logs_in_fixed_shapes() -> None:
    for message, expected in (
        (
            "Coupon SPRING25 refused: it expired on 31 October",
            "the coupon SPRING25 was not accepted: it had expired on 31 October.",
        ),
        ("Coupon REFUSED: expired", "it had expired.\n"),
        ("coupon refused: A1<b>c expired", "it had expired.\n"),
        (
            "Feature new-checkout is disabled for this account",
            "the feature new-checkout is turned off for you.",
        ),
        (
            "No payment webhook for order A-1, the order stays unpaid",
            "didn't hear back from the payment provider, and the order is still unpaid.",
        ),
        ("No payment webhook for order A-1 received", "from the payment provider.\n"),
    ):
        text = drafted("reply", without_errors(log(-9, "error", message))).text
        assert expected in text, (message, text)


def test_a_reply_counts_refusals_of_a_coupon_rather_than_its_expiry() -> None:
    rows = [
        row
        for at in (-60, -20)
        for row in (
            span(at, "http.client", "POST /cart/coupon", 90, http_status=422, names_customer=True),
            log(at, "info", "Coupon SPRING25 refused: it expired on 31 October"),
        )
    ]
    text = drafted("reply", without_errors(*rows)).text
    assert "the coupon SPRING25 was not accepted (twice): it had expired on 31 October." in text


def test_a_reply_mentions_what_else_happened_to_the_same_request() -> None:
    sent = span(-20, "http.client", "POST /files/upload", 900, http_status=413)
    hung = replace(
        sent, id="e" * 16, started_at=sent.started_at - timedelta(minutes=2), http_status=504
    )
    text = drafted("reply", without_errors(hung, sent)).text
    assert text.index("At 14:02, ") < text.index("At 14:04, the upload was refused")


def test_drafts_say_what_logs_and_requests_show() -> None:
    sent = span(-20, "http.client", "POST /files/upload", 900, http_status=413, names_customer=True)
    off = log(-10, "info", "feature `new` is disabled for this account")
    result = replace(answer(), beside=without_errors(sent, off).beside)
    reply = drafted("reply", result).text
    assert "At 14:04, the upload was refused: too large." in reply
    assert "Please try again with a smaller file." in reply
    assert "If it happens again" not in reply
    draft = drafted("bug-report", result)
    assert draft.subject == "The upload was refused: too large (no errors)"
    for line in (
        "### The upload was refused: too large.",
        "- Request `POST /files/upload`",
        f"- Based on span `{sent.id}`",
        "### A feature is turned off for the customer.",
        "- Log ``feature `new` is disabled for this account``",
    ):
        assert line in draft.markdown


def test_customer_reads_nothing_that_only_a_trace_shows() -> None:
    anchor = log(-10, "info", "cart opened")
    unnamed = span(-9, "http.client", "POST /pay", 90, http_status=500, names_customer=False)
    unclear = log(-8, "error", "state 17")
    for row in (unnamed, unclear):
        result = replace(answer(), beside=without_errors(anchor, row).beside)
        assert "what we saw" not in drafted("reply", result).text
