"""Known errors on a result: what it shows, the reply, its audit record, and feedback."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from apps.answers.models import Feedback
from apps.known_errors import matching
from tests.conftest import MOMENT, NOW, person, signed_in
from tests.demo_sentry import DemoSentry
from tests.web.asking import look_up, text
from tests.web.known import entry
from tests.web.pages import Page
from tests.web.teams import team

pytestmark = pytest.mark.django_db


def form_values(client: Client, address: str) -> dict[str, str]:
    """Return the hidden values of the first known error's forms."""
    page = Page(text(client.get(address)))
    hidden = [one for one in page.all("input") if one.get("name") in ("issue", "known")]
    return {one["name"]: one["value"] for one in hidden[:2]}


def test_known_error_shows_fix_reply_workaround_owner_and_match(
    ana: Client,
) -> None:
    thursday = (NOW + timedelta(days=60)).date()
    entry(state="planned", planned_for=thursday)
    page = Page(text(ana.get(look_up(ana))).replace("<br>", " "))
    shown = " ".join(page.text.split())
    for part in (
        f"Known: The bank refuses cards. Fix planned for {thursday.day} {thursday:%b %Y}.",
        "Hello, your bank refused the card on",
        "(Berlin time). Please use another one.",
        "The bank has an outage.",
        "Pay by invoice.",
        "Owner: Payments team",
        "Matched because the exception type is “PaymentDeclined”",
    ):
        assert part in shown, part
    (link,) = [one for one in page.all("a") if one.get("href") == "https://status.example/7"]
    assert link["rel"] == "noreferrer noopener"


def test_first_screen_has_the_fix_and_reply_of_the_headlines_known_error(ana: Client) -> None:
    entry()
    page = text(ana.get(look_up(ana)))
    head = " ".join(Page(page[page.index("</h1>") : page.index('id="timeline"')]).text.split())
    assert re.search(r"StatusKnown: .+\. Not fixed yet", head)
    assert "Tell the customer Your bank refused the card on" in head


def test_first_screen_never_has_the_reply_for_another_problem(
    ana: Client, connected: DemoSentry
) -> None:
    entry("slow", pattern={"type": {"exact": "OldWarning"}})
    connected.world.add_event(
        user_id="1001", timestamp=MOMENT, project="web", level="info", exception=("OldWarning", "x")
    )
    page = text(ana.get(look_up(ana)))
    before, problems = page.split('id="problems"')
    assert "refused the card" not in before
    assert "refused the card" in problems


def test_unmatched_problem_mentions_no_known_errors(ana: Client) -> None:
    entry(pattern={"type": {"exact": "SomethingElse"}})
    page = text(ana.get(look_up(ana)))
    assert "Known" not in Page(page).text
    assert "known.js" not in page


def test_best_match_comes_first(ana: Client) -> None:
    entry("loose", title="Any decline", pattern={"type": {"contains": "Declined"}})
    entry("sure", title="This decline", pattern={"type": {"exact": "PaymentDeclined"}})
    page = text(ana.get(look_up(ana)))
    assert page.index("This decline") < page.index("Any decline")


def test_shared_known_error_is_shown_in_full_only_for_the_first_problems(
    ana: Client, connected: DemoSentry
) -> None:
    for number in range(30):
        connected.world.add_event(
            user_id="1001",
            timestamp=MOMENT,
            project="web",
            exception=("PaymentDeclined", f"Card {number} declined"),
            issue=f"shared-{number}",
        )
    entry()
    page = Page(text(ana.get(look_up(ana))))
    replies = [one for one in page.all("p") if one.get("class") == "known-reply"]
    assert len(replies) == 10
    assert page.text.count("See above") == 21


def test_unsafe_link_is_omitted(ana: Client) -> None:
    entry(links=[{"label": "click", "address": "javascript:alert(1)"}], title="<b>Bold</b>")
    page = text(ana.get(look_up(ana)))
    links = [one.get("href") for one in Page(page).all("a")]
    assert "" not in links
    assert "javascript:alert(1)" not in links
    assert "<b>Bold" not in page
    assert "&lt;b&gt;Bold" in page


def test_unchecked_known_errors_are_counted(ana: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    entry()
    entry("other")
    monkeypatch.setattr(matching.match, "__kwdefaults__", {"seconds": -1.0})
    page = text(ana.get(look_up(ana)))
    assert "2 known errors could not be checked in time." in page
    assert "may still be a known error" in page


def test_background_events_and_filtered_results_show_known_errors(
    ana: Client, connected: DemoSentry
) -> None:
    connected.world.add_event(
        user_id="1001", timestamp=MOMENT, project="web", level="info", message="Cart is slow"
    )
    entry("slow", title="Slow carts", pattern={"message": {"contains": "cart is slow"}})
    address = look_up(ana)
    assert "Slow carts" in text(ana.get(address)).partition("in the background")[2]
    part = ana.post(f"{address}shown/", {"text": "slow"}, headers={"X-Triage-Part": "shown"})
    assert "Slow carts" in text(part)


def test_a_failure_without_an_error_shows_its_known_error(
    ana: Client, connected: DemoSentry, settings: Settings
) -> None:
    settings.TRIAGE_SIGNALS = ("logs", "spans")
    user = {"id": "quiet-1"}
    for name, status in (("POST /photos/upload", 413), ("GET /cart", 200)):
        connected.world.add_span(
            MOMENT,
            120,
            "http.server",
            name,
            http_status=status,
            transaction=name,
            is_transaction=True,
            user=user,
            release="web@2.1",
        )
    entry("worked", title="Never shown", pattern={"request": {"contains": "GET /cart"}})
    entry(
        "photos",
        title="Photos over 10 MB",
        pattern={"request": {"contains": "/photos/upload 413"}},
        state="fixed",
        fixed_in="2.2",
        reply="It was at {moment}. Update to {fixed_in}.",
    )
    address = look_up(ana, customer="quiet-1")
    page = Page(text(ana.get(address)))
    shown = " ".join(page.text.split())
    assert "Known errors The upload was refused: too large. Known:" in shown
    assert "Photos over 10 MB. Fixed in 2.2. The customer is on 2.1." in shown
    assert "Matched because the request contains “/photos/upload 413”." in shown
    assert "Update to 2.2." in shown
    assert "StatusKnown: Photos over 10 MB. Fixed in 2.2." in shown
    assert "Next: Ask them to update." in shown
    assert "Never shown" not in shown
    form = form_values(ana, address)
    response = ana.post(f"{address}known/feedback/", {**form, "helped": "yes"})
    assert response["Location"] == f"{address}#known-title"
    assert Feedback.objects.get().issue_id == form["issue"]
    assert "Noted." in text(ana.get(address))


def test_new_feedback_replaces_the_old_and_is_shown(ana: Client, agent: User) -> None:
    known_error = entry()
    address = look_up(ana)
    form = form_values(ana, address)
    for helped in ("yes", "no"):
        response = ana.post(f"{address}known/feedback/", {**form, "helped": helped})
        assert response["Location"] == f"{address}#known-1-1"
    feedback = Feedback.objects.get()
    assert (feedback.known_error, feedback.user, feedback.helped) == (known_error, agent, False)
    assert feedback.issue_id == form["issue"]
    buttons = [one for one in Page(text(ana.get(address))).all("button") if "aria-pressed" in one]
    pressed = {one["value"]: one["aria-pressed"] for one in buttons if one.get("name") == "helped"}
    assert pressed == {"yes": "false", "no": "true"}
    assert "Noted. You can change your answer." in text(ana.get(address))
    part = ana.post(f"{address}shown/", {"text": ""}, headers={"X-Triage-Part": "shown"})
    assert "Noted. You can change your answer." in text(part)


def test_feedback_from_script_returns_204(ana: Client) -> None:
    entry()
    address = look_up(ana)
    form = {**form_values(ana, address), "helped": "yes"}
    headers = {"X-Triage-Part": "feedback"}
    assert ana.post(f"{address}known/feedback/", form, headers=headers).status_code == 204
    assert Feedback.objects.get().helped is True


def test_feedback_is_per_person(ana: Client, lead: User) -> None:
    entry()
    address = look_up(ana)
    form = form_values(ana, address)
    lea = signed_in(lead)
    ana.post(f"{address}known/feedback/", {**form, "helped": "yes"})
    assert "Noted." not in text(lea.get(address))
    lea.post(f"{address}known/feedback/", {**form, "helped": "no"})
    assert sorted(Feedback.objects.values_list("user__username", "helped")) == [
        ("ana", True),
        ("lea", False),
    ]


@pytest.mark.parametrize(
    "changes",
    [{"known": "other"}, {"issue": "1"}, {"known": "not-this"}, {"issue": "", "known": "\0"}],
)
def test_mismatched_problem_or_known_error_is_not_found(
    ana: Client, changes: dict[str, str]
) -> None:
    entry()
    entry("not-this", pattern={"type": {"exact": "SomethingElse"}})
    address = look_up(ana)
    form = {**form_values(ana, address), "helped": "yes", **changes}
    assert ana.post(f"{address}known/feedback/", form).status_code == 404
    assert not Feedback.objects.exists()


def test_invalid_feedback_is_not_found(ana: Client) -> None:
    entry()
    address = look_up(ana)
    form = {**form_values(ana, address), "helped": "perhaps"}
    assert ana.post(f"{address}known/feedback/", form).status_code == 404


def test_feedback_requires_access_to_the_problems_project(ana: Client, agent: User) -> None:
    entry()
    address = look_up(ana)
    form = {**form_values(ana, address), "helped": "yes"}
    lea = person("leo", "lead")
    team("Theirs", ["api"], agent, lea)
    assert signed_in(lea).get(address).status_code == 200
    assert signed_in(lea).post(f"{address}known/feedback/", form).status_code == 404
    assert not Feedback.objects.exists()


def test_posts_require_csrf_token(ana: Client, agent: User) -> None:
    entry()
    address = look_up(ana)
    form = {**form_values(ana, address), "helped": "yes"}
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(agent)
    assert strict.post(f"{address}known/feedback/", form).status_code == 403
