"""Matching of catalog entries with the issues of a result, and their order."""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.events.event import EventBody
from apps.known_errors.matching import MAX_MATCHES, build_catalogue, match
from tests.known_errors.facts import (
    MOMENT,
    UTC_ZONE,
    activity,
    answer,
    catalogue,
    entry,
    event,
    found,
    names,
    raised,
)

DECLINED = answer(event(), short_ids={"9001": "WEB-1"})


@pytest.mark.parametrize(
    "pattern",
    [
        {"issue": "9001"},
        {"issue": "web-1"},
        {"type": {"exact": "paymentdeclined"}},
        {"type": {"contains": "declined"}},
        {"type": {"expression": "^payment"}},
        {"message": {"contains": "CARD ISSUER"}},
        {"message": {"exact": "paymentdeclined: card issuer declined order 17"}},
        {"message": {"expression": r"order \d+$"}},
        {"message": {"expression": "declined|refused"}},
        {"culprit": {"contains": "checkout.pay"}},
        {"culprit": {"contains": "checkout.pay"}, "project": "web"},
        {"issue": "9001", "release": {"from": "2.10", "until": "2.14"}},
        {"issue": "9001", "release": {"until": "web@2.14.0"}},
        {"message": {"contains": "p"}},
    ],
)
def test_matching_pattern_is_found(pattern: dict[str, object]) -> None:
    assert names(found(catalogue(one=pattern), DECLINED)) == ["one"]


@pytest.mark.parametrize(
    "pattern",
    [
        {"issue": "900"},
        {"issue": "WEB-11"},
        {"type": {"exact": "Payment"}},
        {"type": {"contains": "card issuer"}},
        {"message": {"exact": "card issuer"}},
        {"message": {"expression": "^Card"}},
        {"message": {"expression": "expired|refused"}},
        {"culprit": {"contains": "order 17"}},
        {"issue": "9001", "project": "api"},
        {"issue": "9001", "release": {"from": "2.14.1"}},
        {"issue": "9001", "release": {"until": "2.13"}},
        {"issue": "9001", "release": {"until": "api@2.14.0"}},
        {"type": {"exact": "PaymentDeclined"}, "message": {"contains": "expired"}},
    ],
)
def test_other_pattern_is_not_found(pattern: dict[str, object]) -> None:
    assert not found(catalogue(one=pattern), DECLINED).matches


def test_logs_and_requests_that_show_trouble_are_found() -> None:
    quiet = replace(answer(), beside=activity())
    request, log = "1" * 16, "4" * 32
    rows: list[tuple[dict[str, object], list[str]]] = [
        ({"request": {"contains": "/cart/COUPON"}}, [request]),
        ({"request": {"exact": "post /cart/coupon"}}, [request]),
        ({"request": {"contains": "/cart/coupon 422"}}, [request]),
        ({"request": {"expression": r"coupon 4\d\d invalid"}, "project": "web"}, [request]),
        ({"request": {"contains": "coupon"}, "release": {"from": "2.10"}}, [request]),
        ({"log": {"contains": "expired on"}}, [request]),  # it belongs to the request
        ({"log": {"contains": "index"}}, [log]),
        ({"request": {"contains": "/cart/coupon"}, "project": "api"}, []),
        ({"request": {"contains": "/cart/coupon"}, "release": {"from": "2.15"}}, []),
        ({"log": {"contains": "index"}, "release": {"from": "2.10"}}, []),
        ({"log": {"contains": "saved"}}, []),  # nothing went wrong
        ({"request": {"contains": "GET /cart"}}, []),
        ({"message": {"contains": "index"}}, []),
        ({"log": {"contains": "coupon 422"}}, []),
    ]
    for pattern, ids in rows:
        matches = found(catalogue(one=pattern), quiet).matches
        assert [one.issue_id for one in matches] == ids, pattern
    both = replace(answer(event()), beside=activity())
    known = found(
        catalogue(error={"issue": "9001"}, request={"request": {"contains": "coupon"}}), both
    )
    assert (names(known), names(known, request)) == (["error"], ["request"])


def test_reading_thousands_of_rows_takes_no_time_from_the_patterns() -> None:
    related = activity()
    log = related.logs[-1]
    many = tuple(replace(log, id=f"{number:032x}") for number in range(1900))
    quiet = replace(answer(), beside=replace(related, logs=(*related.logs[:2], *many)))
    known = match(catalogue(one={"log": {"contains": "index"}}), quiet, zone=UTC_ZONE)
    assert (len(known.matches), known.unchecked) == (1, 0)


def test_a_trouble_is_matched_on_its_day() -> None:
    quiet = replace(answer(), beside=activity())
    pattern: dict[str, object] = {"log": {"contains": "index"}}
    for day, count in ((MOMENT.date(), 1), (MOMENT.date() + timedelta(days=1), 0)):
        dated = build_catalogue([entry("dated", pattern, valid_from=day)])
        assert len(found(dated, quiet).matches) == count


def test_unorderable_release_is_in_no_range() -> None:
    hashed = answer(event(release="4f2c9a7be01d4f2c9a7be01d4f2c9a7be01d4f2c"))
    ranged = catalogue(one={"issue": "9001", "release": {"from": "2.0"}})

    assert not found(ranged, hashed).matches


def test_causes_match_like_the_raised_exception() -> None:
    body = EventBody(
        exceptions=(
            *raised("CheckoutFailed", "could not pay").exceptions,
            *raised("SocketTimeout", "bank did not answer").exceptions,
        )
    )
    known = catalogue(cause={"type": {"exact": "SocketTimeout"}, "message": {"contains": "bank"}})

    assert names(found(known, answer(event(body=body)))) == ["cause"]


def test_all_rules_must_match_the_same_event() -> None:
    first = event(1, title="A: one", release="web@1.0")
    second = event(2, title="B: two", release="web@2.0")
    across = catalogue(
        texts={"type": {"exact": "A"}, "message": {"contains": "two"}},
        release={"type": {"exact": "A"}, "release": {"from": "2.0"}},
    )

    assert not found(across, answer(first, second)).matches


def test_most_specific_match_comes_first() -> None:
    known = catalogue(
        loose={"message": {"expression": r"\d+"}},
        part={"message": {"contains": "issuer"}},
        whole={"message": {"exact": "PaymentDeclined: Card issuer declined order 17"}},
        issue={"issue": "9001"},
        two={"message": {"contains": "issuer"}, "project": "web"},
    )

    assert names(found(known, DECLINED)) == ["issue", "whole", "two", "part", "loose"]


def test_issue_gets_its_five_best_matches() -> None:
    patterns = {
        f"n{number}": {"message": {"contains": "paymentdeclined"[number:]}} for number in range(9)
    }
    matched = names(found(catalogue(**patterns), DECLINED))  # type: ignore[arg-type]

    assert matched == [f"n{number}" for number in range(MAX_MATCHES)]


def test_full_issue_leaves_room_for_other_issues() -> None:
    patterns: dict[str, dict[str, object]] = {
        f"n{number}": {"message": {"contains": "paymentdeclined"[number:]}} for number in range(9)
    }
    patterns["late"] = {"culprit": {"contains": "b"}}
    both = answer(event(1), event(2, issue_id="9002", title="Other: thing", culprit="b"))

    assert names(found(catalogue(**patterns), both), "9002") == ["late"]


def test_match_lists_its_rules() -> None:
    known = catalogue(
        one={
            "type": {"exact": "PaymentDeclined"},
            "message": {"expression": "declined"},
            "project": "web",
            "release": {"from": "2.10"},
        }
    )

    assert found(known, DECLINED).matches[0].why == (
        "the exception type is “PaymentDeclined”",
        "the message matches the expression “declined”",
        "the project is web",
        "the release is 2.10 or newer",
    )


@pytest.mark.parametrize(
    ("first", "last", "fits"),
    [
        (None, None, True),
        (date(2026, 11, 20), date(2026, 11, 20), True),
        (date(2026, 11, 21), None, False),
        (None, date(2026, 11, 19), False),
    ],
)
def test_entry_applies_within_its_dates(first: date | None, last: date | None, fits: bool) -> None:
    one = entry("one", {"issue": "9001"}, valid_from=first, valid_until=last)

    assert bool(found(build_catalogue([one]), DECLINED).matches) is fits


def test_days_begin_in_the_time_zone_of_the_site() -> None:
    one = build_catalogue([entry("one", {"issue": "9001"}, valid_from=date(2026, 11, 21))])

    assert not found(one, DECLINED, ZoneInfo("UTC")).matches
    assert found(one, DECLINED, ZoneInfo("Pacific/Kiritimati")).matches


def test_non_ascii_text_matches_in_either_case() -> None:
    strasse = answer(event(title="Fehler: STRASSE Öl \N{LATIN SMALL LETTER LONG S}timmt nicht"))
    known = catalogue(
        umlaut={"message": {"contains": "öl"}},
        sharp={"message": {"contains": "straße"}},
        expression={"message": {"expression": "stimmt"}},
    )

    assert sorted(names(found(known, strasse))) == ["expression", "sharp", "umlaut"]


def test_entries_left_at_the_deadline_are_counted() -> None:
    known = build_catalogue(entry(f"n{n}", {"message": {"contains": "x"}}) for n in range(7))
    result = match(known, DECLINED, zone=UTC_ZONE, seconds=-1)

    assert (result.matches, result.unchecked) == ((), 7)


def test_slow_expression_is_counted_and_leaves_time_for_others() -> None:
    texts = [f"{pow(7, 300 + n):b}".translate({48: "a", 49: "b"}) for n in range(400)]
    events = [event(n, title=f"E: {text}", issue_id=str(n)) for n, text in enumerate(texts)]
    slow = "(?:a|b)*a(?:a|b){14}[0-9]"
    known = catalogue(slow={"message": {"expression": slow}}, other={"issue": "399"})
    result = match(known, answer(*events), zone=UTC_ZONE, seconds=1)

    assert result.unchecked == 1
    assert names(result, "399") == ["other"]


def test_event_without_issue_can_match() -> None:
    result = found(
        catalogue(one={"type": {"exact": "PaymentDeclined"}}), answer(event(issue_id=None))
    )

    assert [one.issue_id for one in result.matches] == ["unknown"]


def test_issues_with_the_same_text_match_alike() -> None:
    both = answer(event(1, issue_id="1"), event(2, issue_id="2"))
    result = found(catalogue(one={"message": {"contains": "card issuer"}}), both)

    assert (names(result, "1"), names(result, "2")) == (["one"], ["one"])
