"""Pages and exports with event bodies of any shape never fail or print None."""

import re
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings

from apps.events.answer import Answer, SearchScope
from apps.exports import render
from apps.redaction.engine import redact
from apps.sentry.parsing import parse_full_event
from apps.web.presenters import result
from apps.web.presenters.formatting import Clock
from apps.web.presenters.issue import FULL, EventView
from tests.conftest import MOMENT, question
from tests.examples import examples
from tests.sentry.test_parsing import EVENT_ID, FIELDS, JSON
from tests.web.answers import lookup
from tests.web.pages import rendered

PRINTED_NONE = re.compile(r">\s*None\s*<|=\"None\"")


def redacted_answer(body: object) -> Answer:
    """Return the redacted answer for an event with this body."""
    shape = body if isinstance(body, dict) else {}
    typed = {"eventID": EVENT_ID, "dateCreated": MOMENT.isoformat()}
    event = parse_full_event({**shape, **typed}, FIELDS)
    assert event is not None
    answer = Answer(
        question=question("1001"),
        searched=SearchScope("acme", ("web",)),
        events=(replace(event, matched_on=("user.id",)),),
        issues=(),
        complete=True,
        fetched_at=MOMENT + timedelta(hours=1),
        events_total=1,
    )
    return redact(answer)


@given(JSON)
@settings(max_examples=examples(60), deadline=None)
def test_pages_and_exports_render_any_body(body: object) -> None:
    answer, record = redacted_answer(body), lookup()
    zone = ZoneInfo("Europe/Berlin")
    clock = Clock(answer.question.window.moment, zone)
    view = EventView(answer.events[0], clock, FULL)
    page = result.ResultPage(answer, record, zone=zone, now=answer.fetched_at)
    html = rendered("lookups/event.html", {"event": view, "lookup": record})
    if page.story:
        html += rendered("lookups/_story.html", {"story": page.story})
    if "None" not in repr(body):
        assert not PRINTED_NONE.search(html)
    for form in ("markdown", "json", "text"):
        assert render(answer, format=form, marker="ab" * 8).text
