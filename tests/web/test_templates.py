"""What reaches the browser: escaped, complete, and within the content security policy."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import RequestFactory

from apps.events.answer import Answer
from apps.lookups.models import Lookup
from apps.lookups.problems import Problem, rate_limited
from apps.web import presenter
from apps.web.forms import LookupForm, PreferencesForm
from tests.web import answers
from tests.web.answers import FETCHED, answer, event, lookup

BERLIN = ZoneInfo("Europe/Berlin")
ANSWERS = {
    "none": answer(),
    "one": answer(event()),
    "bare": answer(answers.bare_event()),
    "hostile": answer(answers.hostile_event()),
    "many": answer(*answers.many_events(120)),
    "recursion": answer(answers.recursion_event()),
    "partial": answers.partial_answer(),
}


@dataclass(frozen=True)
class Export:
    """What the template needs of an export."""

    text: str
    format: str = "markdown"
    tokens: int = 5900
    budget: int | None = 6000
    preset: str = "none"


class Page(HTMLParser):
    """The tags of a page, and its text without them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every such tag."""
        return [attributes for name, attributes in self.tags if name == tag]


def rendered(template: str, context: dict[str, object]) -> str:
    """The template for a signed-in agent."""
    request = RequestFactory().get("/")
    request.user = User(username="ana", is_superuser=True, is_staff=True)
    return render_to_string(template, context, request)


def result(asked: Answer, text: str = "plain", record: Lookup | None = None) -> str:
    """The result page of an answer."""
    record = record or lookup()
    page = presenter.result_page(asked, record, zone=BERLIN, now=FETCHED)
    context: dict[str, object] = {
        "page": page,
        "lookup": record,
        "export": Export(text),
        "presets": [("none", "No question")],
        "formats": [("markdown", "Markdown")],
    }
    return rendered("lookups/detail.html", context)


@pytest.mark.parametrize("name", ANSWERS)
def test_none_is_never_printed(name: str) -> None:
    html = result(ANSWERS[name])

    assert not re.search(r"\bNone\b", html)
    assert "Invalid" not in html


@pytest.mark.parametrize("name", ANSWERS)
def test_page_holds_nothing_the_content_security_policy_refuses(name: str) -> None:
    page = Page(result(ANSWERS[name]))

    for tag, attributes in page.tags:
        assert tag != "style"
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        assert tag != "script" or attributes["src"].startswith("/static/")
        assert not attributes.get("src", "").startswith(("http", "data:", "//"))


def test_hostile_text_is_escaped_and_still_readable() -> None:
    html = result(ANSWERS["hostile"], text="</textarea><script>alert(2)</script>")

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;" in html
    assert "\u202e" not in html.replace(lookup().customer, "")
    assert "javascript:" not in html


def test_links_out_are_web_addresses_that_learn_nothing_of_us() -> None:
    out = [link for link in Page(result(ANSWERS["one"])).all("a") if "//" in link["href"]]

    assert out
    assert all(link["href"].startswith("https://") for link in out)
    assert all(link["rel"] == "noreferrer noopener" for link in out)


def test_customer_is_shown_as_typed_but_never_in_title_or_address() -> None:
    html = result(ANSWERS["one"])

    assert "anna &lt;b&gt;@example.org" in html
    assert "anna" not in html[html.index("<title>") : html.index("</title>")]
    assert not [link for link in Page(html).all("a") if "anna" in link["href"]]


def test_times_are_local_with_utc_on_hover_and_the_zone_is_named() -> None:
    html = result(ANSWERS["one"])

    assert (
        '<time datetime="2026-11-20T13:05:00Z" title="2026-11-20 13:05:00 UTC">14:05:00</time>'
        in html
    )
    assert "Times are in Europe/Berlin" in html


def test_every_mark_is_a_link_with_a_title_to_an_event_in_the_list() -> None:
    html = result(ANSWERS["many"])
    ids = {attributes["id"] for _tag, attributes in Page(html).tags if "id" in attributes}
    marks = re.findall(r'<a href="#(event-\w+)" class="mark-link"><title>([^<]+)</title>', html)

    assert marks
    assert {target for target, _title in marks} <= ids


def test_ids_are_unique() -> None:
    ids = [a["id"] for _tag, a in Page(result(ANSWERS["many"])).tags if a.get("id")]

    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("level", "drawn"),
    [
        ("fatal", "M0-8 8 0 0 8-8 0Z"),
        ("error", 'circle class="shape" r="6"'),
        ("warning", "M0-7 7.5 6-7.5 6Z"),
        ("info", 'circle class="shape" r="5"'),
    ],
)
def test_each_level_has_its_own_shape_and_word(level: str, drawn: str) -> None:
    html = result(answer(event(level=level)))

    assert drawn in html
    assert f"</svg>\n {level}" in html


def test_event_that_was_not_read_leads_to_its_own_page() -> None:
    unread = event(body=None)
    record = lookup()

    html = result(answer(unread), record=record)

    assert f"/lookups/{record.uuid}/events/{unread.id}/" in html


def test_preview_keeps_the_text_exactly() -> None:
    text = "\nfirst line is empty\n  <b> & \u00e9\n"

    html = result(ANSWERS["one"], text=text)

    inside = html[html.index("<textarea") : html.index("</textarea>")].split(">", 1)[1]
    assert (
        inside.removeprefix("\n").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        == text
    )


def test_headings_go_down_one_step_at_a_time() -> None:
    for asked in ANSWERS.values():
        levels = [
            int(tag[1]) for tag, _a in Page(result(asked)).tags if re.fullmatch("h[1-6]", tag)
        ]
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))


def test_incomplete_answer_shows_each_reason() -> None:
    html = result(answers.partial_answer())

    for notice in answers.partial_answer().notices:
        assert notice.message in html
    assert "not complete" in html


def test_nothing_found_offers_a_wider_window_with_what_was_typed() -> None:
    page = Page(result(ANSWERS["none"]))

    wider = [button["value"] for button in page.all("button") if button.get("name") == "window"]
    typed = [field for field in page.all("input") if field.get("name") == "at"]
    assert wider == ["15", "60", "1440"]
    assert typed[0]["value"] == "2026-11-20 14:05:00"


def test_event_page_shows_everything() -> None:
    record, asked = lookup(), ANSWERS["recursion"]
    shown = presenter.event_view(asked.events[0], answer=asked, lookup=record, zone=BERLIN)
    page = presenter.result_page(asked, record, zone=BERLIN, now=FETCHED)

    html = rendered("lookups/event.html", {"event": shown, "page": page, "lookup": record})

    assert "RecursionError" in html
    assert f"/lookups/{record.uuid}/#event-{asked.events[0].id}" in html
    assert not re.search(r"\bNone\b", html)


def test_problem_keeps_what_was_asked_and_hides_details_from_agents() -> None:
    record, problem = lookup(), rate_limited(40, "HTTP 429")
    for is_reviewer in (True, False):
        html = rendered(
            "problem.html", {"problem": problem, "lookup": record, "is_reviewer": is_reviewer}
        )
        assert "it limits how often we may ask" in html
        assert "anna &lt;b&gt;@example.org" in html
        assert 'value="2026-11-20 14:05:00"' in html
        assert ("HTTP 429" in html) is is_reviewer


def test_problem_without_a_lookup_still_has_a_way_on() -> None:
    html = rendered("problem.html", {"problem": Problem("x", "Not now.", "Later.")})

    assert "New lookup" in html


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
def test_error_pages_need_no_context(name: str) -> None:
    html = render_to_string(f"{name}.html")

    assert "<h1" in html
    assert "{%" not in html


def test_form_shows_each_error_beside_its_field_and_keeps_what_was_typed() -> None:
    typed = {"customer": "x" * 300, "at": "<nonsense>", "zone": "Europe/Berlin", "window": "0"}
    form = LookupForm(typed, own_zone=BERLIN, projects=("api", "web"))

    page = Page(rendered("lookups/new.html", {"form": form}))

    inputs = {field["name"]: field for field in page.all("input") if "id" in field}
    assert inputs["customer"]["value"] == "x" * 300
    assert inputs["at"]["value"] == "<nonsense>"
    ids = {attributes.get("id") for _tag, attributes in page.tags}
    for name in ("customer", "at", "window"):
        assert inputs[name]["aria-invalid"] == "true"
        assert set(inputs[name]["aria-describedby"].split()) <= ids
    assert [select["name"] for select in page.all("select")] == ["zone", "project"]


def test_empty_form_starts_in_the_customer_field() -> None:
    page = Page(rendered("lookups/new.html", {"form": LookupForm(own_zone=BERLIN)}))

    focused = [field["name"] for field in page.all("input") if "autofocus" in field]
    assert focused == ["customer"]


def test_every_visible_field_has_a_label() -> None:
    for html in (
        rendered("lookups/new.html", {"form": LookupForm(own_zone=BERLIN)}),
        rendered("accounts/preferences.html", {"form": PreferencesForm()}),
        result(ANSWERS["one"]),
    ):
        page = Page(html)
        labelled = {label["for"] for label in page.all("label")}
        fields = page.all("input") + page.all("select") + page.all("textarea")
        assert {f["id"] for f in fields if f.get("type") != "hidden"} <= labelled


def test_demo_customers_fill_the_form_by_a_post() -> None:
    customer = {"identifier": "a\"b'c", "at": "2026-11-20 14:05", "zone": "UTC", "story": "Paid"}

    html = rendered(
        "lookups/new.html", {"form": LookupForm(own_zone=BERLIN), "demo_customers": [customer]}
    )

    hidden = [f for f in Page(html).all("input") if f.get("name") == "customer" and "id" not in f]
    assert [field["value"] for field in hidden] == ["a\"b'c"]


def test_purged_answer_offers_to_look_again() -> None:
    record = lookup()

    html = rendered("lookups/purged.html", {"lookup": record})

    assert f"/lookups/{record.uuid}/again/" in html
