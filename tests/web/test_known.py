"""Known errors on a result: what the agent reads, the reply, the copy's record, the feedback."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.answers.models import Feedback
from apps.audit.models import Action, Entry
from apps.demo.server import DemoSentry
from apps.known_errors import matching
from apps.lookups.models import Lookup
from tests.conftest import MOMENT, NOW, person, signed_in
from tests.web.asking import look_up, text
from tests.web.known import entry
from tests.web.pages import Page
from tests.web.teams import team

pytestmark = pytest.mark.django_db


def chosen(client: Client, address: str) -> dict[str, str]:
    """What the forms of the page's first known error post."""
    page = Page(text(client.get(address)))
    hidden = [one for one in page.all("input") if one.get("name") in ("issue", "known")]
    return {one["name"]: one["value"] for one in hidden[:2]}


def test_a_known_problem_says_so_on_top_with_fix_reply_workaround_owner_and_why(
    ana: Client,
) -> None:
    thursday = (NOW + timedelta(days=60)).date()
    entry(state="planned", planned_for=thursday)
    page = Page(text(ana.get(look_up(ana))).replace("<br>", " "))
    told = " ".join(page.text.split())
    for part in (
        f"Known: Fix planned for {thursday.day} {thursday:%b %Y}.",
        "The bank refuses cards",
        "Hello, your bank refused the card on",
        "(Berlin time). Please use another one.",
        "The bank has an outage.",
        "Pay by invoice.",
        "Owner: Payments team",
        "Matched because the exception type is “PaymentDeclined”",
    ):
        assert part in told, part
    (link,) = [one for one in page.all("a") if one.get("href") == "https://status.example/7"]
    assert link["rel"] == "noreferrer noopener"
    assert told.index("Fix planned") < told.index("Card declined")


def test_the_head_of_the_page_tells_it_before_anything_else(ana: Client) -> None:
    entry()
    page = text(ana.get(look_up(ana)))
    head = page[page.index("</h1>") : page.index("data-facts")]
    # Its direction ends with it, so that a title cannot turn round what is said of the fix.
    assert "<bdi>The bank refuses cards</bdi>. Not fixed yet" in head
    assert 'href="#known-1-1"' in head
    assert 'id="known-1-1"' in page


def test_a_problem_that_is_not_known_has_no_word_of_it(ana: Client) -> None:
    entry(pattern={"type": {"exact": "SomethingElse"}})
    page = text(ana.get(look_up(ana)))
    assert "Known" not in Page(page).text
    assert "known.js" not in page


def test_further_matches_are_folded_behind_the_best_one(ana: Client) -> None:
    entry("loose", title="Any decline", pattern={"type": {"contains": "Declined"}})
    entry("sure", title="This decline", pattern={"type": {"exact": "PaymentDeclined"}})
    page = text(ana.get(look_up(ana)))
    best, folded = page.split("1 other known error that may apply")
    assert "This decline" in best
    assert "Any decline" not in best
    assert "Any decline" in folded


def test_an_entry_that_many_problems_share_is_told_in_full_only_for_the_first_ones(
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
    replies = [one for one in page.all("p") if "data-reply" in one]
    assert len(replies) == 10
    assert page.text.count("See above") == 21


def test_a_link_that_a_browser_must_not_follow_is_left_out(ana: Client) -> None:
    entry(links=[{"label": "click", "address": "javascript:alert(1)"}], title="<b>Bold</b>")
    page = text(ana.get(look_up(ana)))
    links = [one.get("href") for one in Page(page).all("a")]
    assert "" not in links
    assert "javascript:alert(1)" not in links
    assert "<b>Bold" not in page
    assert "&lt;b&gt;Bold" in page


def test_known_errors_that_could_not_be_checked_are_told_plainly(
    ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry()
    entry("other")
    monkeypatch.setattr(matching.match, "__kwdefaults__", {"seconds": -1.0})
    page = text(ana.get(look_up(ana)))
    assert "2 known errors could not be checked in time." in page
    assert "may still be a known error" in page


def test_noise_and_what_the_filter_shows_are_told_as_known_too(
    ana: Client, connected: DemoSentry
) -> None:
    connected.world.add_event(
        user_id="1001", timestamp=MOMENT, project="web", level="info", message="Cart is slow"
    )
    entry("slow", title="Slow carts", pattern={"message": {"contains": "cart is slow"}})
    address = look_up(ana)
    assert "Slow carts" in text(ana.get(address)).partition("In the background")[2]
    part = ana.post(f"{address}shown/", {"text": "slow"}, headers={"X-Triage-Part": "shown"})
    assert "Slow carts" in text(part)


def test_without_javascript_a_post_puts_the_name_into_the_reply_and_keeps_it_nowhere(
    ana: Client,
) -> None:
    entry()
    address = look_up(ana)
    form = {**chosen(ana, address), "name": "Jane <Doe>"}
    page = text(ana.post(f"{address}known/reply/", form))
    assert "Hello Jane &lt;Doe&gt;,\n\nyour bank refused the card on" in page
    assert "Jane" not in text(ana.get(address))
    assert "Jane" not in str(list(Entry.objects.values()))


def test_a_copied_reply_stands_in_the_trail_without_its_text(ana: Client, agent: User) -> None:
    entry()
    address = look_up(ana)
    form = {**chosen(ana, address), "name": "Jane"}
    assert ana.post(f"{address}known/copied/", form).status_code == 204
    drafted = Entry.objects.get(action=Action.DRAFTED)
    lookup = Lookup.objects.get()
    assert drafted.actor_id == agent.pk
    assert drafted.target == f"lookup {lookup.uuid}"
    assert drafted.customer_hash == lookup.customer_hash
    assert drafted.detail["known_error"] == "card-refused"
    assert drafted.detail["problem"] == form["issue"]
    assert "Jane" not in str(drafted.detail)
    assert "bank" not in str(drafted.detail)


def test_the_last_word_of_a_person_counts_and_the_page_shows_it(ana: Client, agent: User) -> None:
    kept = entry()
    address = look_up(ana)
    form = chosen(ana, address)
    for helped in ("yes", "no"):
        response = ana.post(f"{address}known/feedback/", {**form, "helped": helped})
        assert response["Location"] == f"{address}#known-1-1"
    said = Feedback.objects.get()
    assert (said.known_error, said.user, said.helped) == (kept, agent, False)
    assert said.issue_id == form["issue"]
    buttons = [one for one in Page(text(ana.get(address))).all("button") if "aria-pressed" in one]
    pressed = {one["value"]: one["aria-pressed"] for one in buttons if one.get("name") == "helped"}
    assert pressed == {"yes": "false", "no": "true"}
    assert "Noted. You can change your answer." in text(ana.get(address))
    part = ana.post(f"{address}shown/", {"text": ""}, headers={"X-Triage-Part": "shown"})
    assert "Noted. You can change your answer." in text(part)


def test_a_script_is_told_that_its_word_was_kept(ana: Client) -> None:
    entry()
    address = look_up(ana)
    form = {**chosen(ana, address), "helped": "yes"}
    headers = {"X-Triage-Part": "feedback"}
    assert ana.post(f"{address}known/feedback/", form, headers=headers).status_code == 204
    assert Feedback.objects.get().helped is True


def test_two_people_have_a_word_each(ana: Client, lead: User) -> None:
    entry()
    address = look_up(ana)
    form = chosen(ana, address)
    lea = signed_in(lead)
    ana.post(f"{address}known/feedback/", {**form, "helped": "yes"})
    assert "Noted." not in text(lea.get(address))
    lea.post(f"{address}known/feedback/", {**form, "helped": "no"})
    assert sorted(Feedback.objects.values_list("user__username", "helped")) == [
        ("ana", True),
        ("lea", False),
    ]


@pytest.mark.parametrize("page", ["reply", "copied", "feedback"])
@pytest.mark.parametrize(
    "changes",
    [{"known": "other"}, {"issue": "1"}, {"known": "not-this"}, {"issue": "", "known": "\0"}],
)
def test_what_does_not_fit_that_problem_is_not_there(
    ana: Client, page: str, changes: dict[str, str]
) -> None:
    entry()
    entry("not-this", pattern={"type": {"exact": "SomethingElse"}})
    address = look_up(ana)
    form = {**chosen(ana, address), "helped": "yes", **changes}
    assert ana.post(f"{address}known/{page}/", form).status_code == 404
    assert not Feedback.objects.exists()
    assert not Entry.objects.filter(action=Action.DRAFTED).exists()


def test_a_word_that_is_neither_yes_nor_no_is_refused(ana: Client) -> None:
    entry()
    address = look_up(ana)
    form = {**chosen(ana, address), "helped": "perhaps"}
    assert ana.post(f"{address}known/feedback/", form).status_code == 404


def test_a_reader_gives_feedback_only_where_their_projects_show_the_problem(
    ana: Client, agent: User
) -> None:
    entry()
    address = look_up(ana)
    form = {**chosen(ana, address), "helped": "yes"}
    lea = person("leo", "lead")
    team("Theirs", ["api"], agent, lea)
    assert signed_in(lea).get(address).status_code == 200
    assert signed_in(lea).post(f"{address}known/feedback/", form).status_code == 404
    assert not Feedback.objects.exists()


def test_a_post_without_the_forms_token_is_refused(ana: Client, agent: User) -> None:
    entry()
    address = look_up(ana)
    form = {**chosen(ana, address), "helped": "yes"}
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(agent)
    for page in ("reply", "copied", "feedback"):
        assert strict.post(f"{address}known/{page}/", form).status_code == 403
