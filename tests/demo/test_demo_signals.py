"""Feedback, errors of a trace without a user, and the signals of projects."""

import uuid
from datetime import timedelta
from typing import Any

from apps.demo.world import Event, World, shortened
from tests.demo.conftest import NOON, Api
from tests.demo_sentry import DemoSentry

ONE = {"id": "1", "email": "one@example.com"}
HOUR = {"start": "2026-11-23T11:30:00", "end": "2026-11-23T12:30:00"}


def issues(api: Api, query: str, **params: Any) -> list[str]:
    answer = api.get("organizations/acme/issues/", query=query, **(HOUR | params))
    assert answer.status_code == 200, answer.text
    return [issue["id"] for issue in answer.json()]


def complaint(world: World) -> Event:
    return world.add_feedback(
        when=NOON,
        message="Pay does nothing",
        contact_email="one@example.com",
        name="One",
        url="https://shop.example/pay",
        associated_event_id="a" * 32,
        replay_id="b" * 32,
    )


def test_feedback_is_an_issue_of_its_own(api: Api, world: World) -> None:
    event = complaint(world)
    [body] = api.get("organizations/acme/issues/", group=event.issue.id).json()
    assert body["issueCategory"] == "feedback"
    assert (body["title"], body["count"]) == ("User Feedback: Pay does nothing", "1")
    assert body["metadata"] == {
        "title": "User Feedback: Pay does nothing",
        "value": "Pay does nothing",
        "message": "Pay does nothing",
        "contact_email": "one@example.com",
        "name": "One",
        "source": "new_feedback_envelope",
    }


def test_every_way_to_the_feedback_leads_to_its_context(api: Api, world: World) -> None:
    event = complaint(world)
    own = f"organizations/acme/issues/{event.issue.id}/events/"
    names = ("latest", event.id)
    bodies = [api.get(f"{own}{name}/").json() for name in names]
    bodies.append(api.get(own, full=1).json()[0])
    bodies.append(api.get(f"organizations/acme/eventids/{event.id}/").json()["event"])
    bodies.append(api.get(f"projects/acme/web/events/{event.id}/").json())
    for body in bodies:
        assert (body["type"], body["user"]["email"]) == ("generic", "one@example.com")
        context = body["contexts"]["feedback"]
        assert (context["message"], context["name"]) == ("Pay does nothing", "One")
        assert (context["associated_event_id"], context["replay_id"]) == ("a" * 32, "b" * 32)
        assert (context["url"], context["source"]) == (
            "https://shop.example/pay",
            "new_feedback_envelope",
        )


def test_a_known_user_keeps_their_own_address(world: World) -> None:
    event = world.add_feedback(when=NOON, message="Hi", user=ONE, contact_email="two@example.com")
    assert event.columns["user.email"] == "one@example.com"
    assert event.body["contexts"]["feedback"]["contact_email"] == "two@example.com"


def test_feedback_is_in_no_list_of_errors(api: Api, world: World) -> None:
    event = complaint(world)
    error = world.add_event(timestamp=NOON)
    assert api.found("") == {error.id}
    assert [one["id"] for one in api.get("projects/acme/web/events/").json()] == [error.id]
    for query in ("", "!issue.category:feedback", "issue.category:error"):
        assert issues(api, query) == [str(error.issue.id)], query
    assert issues(api, "issue.category:feedback") == [str(event.issue.id)]
    assert issues(api, "", group=event.issue.id) == [str(event.issue.id)]


def test_feedback_is_searched_like_any_issue(api: Api, world: World) -> None:
    mine = str(complaint(world).issue.id)
    world.add_feedback(when=NOON, message="Mine too", user={"id": "2"}, environment="staging")
    world.add_feedback(when=NOON - timedelta(hours=2), message="Old", user=ONE)
    ask = "issue.category:feedback"
    assert issues(api, f'{ask} user.email:"one@example.com"') == [mine]
    assert issues(api, f'{ask} user.email:["one@example.com","x@example.com"]') == [mine]
    assert len(issues(api, f"{ask} user.id:[1,2]")) == 1
    assert len(issues(api, ask)) == 2
    assert issues(api, ask, environment="production") == [mine]
    assert issues(api, ask, project=world.add_project("shop").id) == []


def test_feedback_and_replays_shift_no_ids_of_errors() -> None:
    plain, mixed = World(), World()
    complaint(mixed)
    mixed.add_replay(when=NOON)
    first, second = (world.add_event(timestamp=NOON) for world in (plain, mixed))
    assert (first.id, first.issue.id) == (second.id, second.issue.id)
    assert first.issue.short_id == second.issue.short_id


def test_a_server_without_feedback_refuses_the_category(api: Api, demo: DemoSentry) -> None:
    demo.settings.feedback_on = False
    answer = api.get("organizations/acme/issues/", query="issue.category:feedback")
    assert answer.status_code == 400
    detail = "Error parsing search query: Invalid category value of 'feedback'"
    assert answer.json() == {"detail": detail}


def test_long_feedback_is_cut_in_the_title() -> None:
    assert len(shortened("word " * 50)) <= 60
    assert shortened("two\nlines") == "two lines"


def test_projects_list_their_signals(api: Api, demo: DemoSentry) -> None:
    demo.world.add_replay(when=NOON)
    [project] = api.get("organizations/acme/projects/").json()
    assert all(project[flag] for flag in ("hasReplays", "hasFeedbacks", "hasNewFeedbacks"))


def test_glitchtip_has_none_of_it(api: Api, demo: DemoSentry) -> None:
    event = complaint(demo.world)
    demo.settings.flavor = "glitchtip"
    assert api.get("organizations/acme/replays/").status_code == 404
    assert api.get("organizations/acme/issues/").json() == []
    assert api.get(f"projects/acme/web/events/{event.id}/").status_code == 404


def test_errors_of_a_trace_without_a_user_are_found(api: Api, world: World) -> None:
    first, second, third = ("1" * 32, "2" * 32, "3" * 32)
    mine = world.add_event(timestamp=NOON, user_id="1", trace_id=first)
    nobody = world.add_event(timestamp=NOON, trace_id=first)
    other = world.add_event(timestamp=NOON, trace_id=second, email="x@example.com")
    world.add_event(timestamp=NOON, trace_id=third)
    both = {mine.id, nobody.id, other.id}
    assert api.found(f"trace:[{first},{second}]") == both
    assert api.found(f'trace:["{uuid.UUID(first)}", "{second}"]') == both
    assert api.found(f'trace:"{first}"') == {mine.id, nobody.id}
    assert api.found(f"trace:[{first},{second}] !has:user.id") == {nobody.id, other.id}
    without = "!has:user.id !has:user.email !has:user.username !has:user.ip"
    assert api.found(f"trace:[{first},{second}] {without}") == {nobody.id}
    assert api.found(f"(trace:{first} OR trace:{second}) {without}") == {nobody.id}
