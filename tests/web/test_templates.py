"""Rendered pages: escaped, complete, and compliant with the content security policy."""

import re
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from apps.events.answer import Answer
from apps.exports import Rendered
from apps.exports.facts import NO_PRESET
from apps.exports.tokens import FAMILIES
from apps.lookups.exports import FORMATS, SIZES, Choice
from apps.lookups.models import Lookup
from apps.web.presenters import result as presenters_result
from apps.web.presenters.formatting import Clock
from apps.web.presenters.issue import FULL, EventView
from tests.web import answers
from tests.web.answers import FETCHED, answer, event, lookup
from tests.web.pages import Page, rendered

pytestmark = pytest.mark.usefixtures("one_request")

BERLIN = ZoneInfo("Europe/Berlin")
ANSWERS = {
    "none": answer(),
    "seen": answers.errors_at_other_times(problem="It took too long."),
    "never": answers.never_seen(),
    "one": answer(event()),
    "bare": answer(answers.bare_event()),
    "hostile": answer(answers.hostile_event()),
    "many": answer(*answers.many_events(120)),
    "recursion": answer(answers.recursion_event()),
    "partial": answers.partial_answer(),
    "activity": answers.slow_and_refused(),
    "hostile activity": answers.hostile_activity(),
}


def result(sample: Answer, text: str = "plain", record: Lookup | None = None) -> str:
    """Render the result page of an answer."""
    record = record or lookup()
    page = presenters_result.ResultPage(sample, record, zone=BERLIN, now=FETCHED)
    context: dict[str, object] = {
        "page": page,
        "lookup": record,
        "choice": Choice(),
        "export": Rendered(text, 5900, (), "text/markdown", "md"),
        "presets": [NO_PRESET],
        "formats": FORMATS,
        "sizes": SIZES,
        "families": FAMILIES,
        "receipt": "Nothing had to be hidden",
        "shortcuts": True,
    }
    html = rendered("lookups/_result.html", context)
    return rendered("lookups/detail.html", {"page": page, "html": html})


@pytest.mark.parametrize("name", ANSWERS)
def test_page_is_complete_and_complies_with_content_security_policy(name: str) -> None:
    html = result(ANSWERS[name])
    page = Page(html)

    assert not re.search(r"\bNone\b", html)
    assert "Invalid" not in html
    for tag, attributes in page.tags:
        assert tag != "style"
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        assert tag != "script" or attributes["src"].startswith("/static/")
        assert not attributes.get("src", "").startswith(("http", "data:", "//"))
    ids = [attributes["id"] for _tag, attributes in page.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    levels = [int(tag[1]) for tag, _a in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels)), "a level is skipped"


def test_hostile_text_is_escaped_but_readable() -> None:
    html = result(ANSWERS["hostile"], text="</textarea><script>alert(2)</script>")

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;" in html
    assert "\u202e" not in html.replace(lookup().customer, "")
    assert "javascript:" not in html


def test_external_links_are_https_without_referrer() -> None:
    external = [link for link in Page(result(ANSWERS["one"])).all("a") if "//" in link["href"]]

    assert external
    assert all(link["href"].startswith("https://") for link in external)
    assert all(link["rel"] == "noreferrer noopener" for link in external)


def test_customer_is_shown_as_typed_but_never_in_title_or_url() -> None:
    html = result(ANSWERS["one"])

    assert "anna &lt;b&gt;@example.org" in html
    assert "anna" not in html[html.index("<title>") : html.index("</title>")]
    assert not [link for link in Page(html).all("a") if "anna" in link["href"]]


def test_times_are_local_with_utc_on_hover_and_zone() -> None:
    html = result(ANSWERS["one"])

    assert (
        '<time datetime="2026-11-20T13:05:00Z" title="2026-11-20 13:05:00 UTC">14:05:00</time>'
        in html
    )
    assert "Europe/Berlin, <span>± 5 min</span>" in html


def test_every_mark_has_title_and_links_to_listed_event() -> None:
    html = result(ANSWERS["many"])
    ids = {attributes["id"] for _tag, attributes in Page(html).tags if "id" in attributes}
    marks = re.findall(r'<a href="#(event-\w+)" class="mark-link"><title>([^<]+)</title>', html)

    assert marks
    assert {target for target, _title in marks} <= ids


@pytest.mark.parametrize(
    ("level", "drawn"),
    [
        ("fatal", "M0-8 8 0 0 8-8 0Z"),
        ("error", 'circle class="shape" r="6"'),
        ("warning", "M0-7 7.5 6-7.5 6Z"),
        ("info", 'circle class="shape" r="5"'),
    ],
)
def test_each_level_has_own_shape_and_word(level: str, drawn: str) -> None:
    html = result(answer(event(level=level)))

    assert drawn in html
    assert f"</svg>\n {level}" in html


def test_unread_event_links_to_its_page() -> None:
    unread = event(body=None)
    record = lookup()

    html = result(answer(unread), record=record)

    assert f"/lookups/{record.uuid}/events/{unread.id}/" in html


def test_preview_preserves_text_exactly() -> None:
    text = "\nfirst line is empty\n  <b> & \u00e9\n"

    html = result(ANSWERS["one"], text=text)

    inside = html[html.index("<textarea") : html.index("</textarea>")].split(">", 1)[1]
    assert (
        inside.removeprefix("\n").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        == text
    )


def test_incomplete_result_shows_each_reason() -> None:
    html = result(answers.partial_answer())

    for notice in answers.partial_answer().notices:
        assert notice.message in html
    assert "incomplete" in html


def test_empty_result_offers_wider_windows_and_keeps_input() -> None:
    page = Page(result(ANSWERS["none"]))

    wider = [button["value"] for button in page.all("button") if button.get("name") == "window"]
    typed = [field for field in page.all("input") if field.get("name") == "at"]
    assert wider == ["15", "60", "1440"]
    assert typed[0]["value"] == "2026-11-20 14:05:00"


def test_event_page_shows_everything() -> None:
    record, sample = lookup(), ANSWERS["recursion"]
    shown = EventView(sample.events[0], Clock(sample.question.window.moment, BERLIN), FULL)

    html = rendered("lookups/event.html", {"event": shown, "lookup": record})

    assert "RecursionError" in html
    assert f"/lookups/{record.uuid}/#event-{sample.events[0].id}" in html
    assert not re.search(r"\bNone\b", html)


def test_export_fields_have_labels() -> None:
    page = Page(result(ANSWERS["one"]))
    labeled = {label["for"] for label in page.all("label")}

    fields = page.all("input") + page.all("select") + page.all("textarea")

    assert {field["id"] for field in fields if field.get("type") != "hidden"} <= labeled
