"""How far an answer is, as its course tells it."""

from datetime import timedelta

from apps.demo.server import DemoSentry
from apps.events.answer import MOST_SIGHTINGS, Progress
from apps.events.event import Event
from apps.sentry import SentryClient, SentryConfig, fetch_answer
from apps.sentry.client import Course
from tests.conftest import MOMENT, question


def events(count: int, *, problem: str = "1", title: str = "Odd") -> list[Event]:
    return [
        Event(
            id=f"{problem}{place:031}",
            timestamp=MOMENT - timedelta(seconds=place),
            issue_id=problem,
            title=title,
        )
        for place in range(count)
    ]


def test_events_are_told_while_the_list_goes_on_and_the_problems_once_it_has_ended() -> None:
    course = Course()
    course.saw_page(events(3))
    listing = course.progress()
    assert (listing.events_found, listing.known, listing.problems) == (3, None, None)
    both = [*events(3), *events(2, problem="2")]
    course.listed(both, ["1", "2"], others=1)
    reading = course.progress()
    assert (reading.events_found, reading.problems, reading.read) == (5, 2, 0)
    assert (reading.done, reading.known) == (1, 4)


def test_a_step_that_fails_is_done_as_well() -> None:
    course = Course()
    course.listed(events(1), ["1"], others=1)

    def fail() -> None:
        raise ValueError

    for call in (course.reading("1", fail), course.step(lambda: None)):
        try:
            call()
        except ValueError:
            continue
    assert (course.progress().done, course.progress().read) == (3, 1)
    assert course.progress().share == 1


def test_the_share_never_goes_back() -> None:
    course = Course()
    shares = [course.progress().share]
    for _page in range(30):
        course.saw_page(events(1))
        shares.append(course.progress().share)
    course.listed(events(1), ["1"], others=2)
    for step in (course.reading("1", lambda: None), course.step(int), course.step(int)):
        shares.append(course.progress().share)
        step()
    shares.append(course.progress().share)
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.1
    assert [share for share in shares if share >= 1] == [1]


def test_only_the_newest_events_are_told_and_all_are_counted() -> None:
    course = Course()
    course.saw_page(reversed(events(80)))
    told = course.progress()
    assert told.events_found == 80
    assert len(told.newest) == MOST_SIGHTINGS
    assert [one.timestamp for one in told.newest] == [
        event.timestamp for event in events(MOST_SIGHTINGS)
    ]


def test_nothing_of_an_events_own_text_is_told() -> None:
    course = Course()
    course.saw_page(events(1, title="jane@example.com <b>paid</b> with 4111 1111 1111 1111"))
    (seen,) = course.progress().newest
    assert seen.sentence == "Something in the program failed."


def test_what_is_listed_beside_the_answer_later_is_not_counted() -> None:
    course = Course()
    course.listed([], [], others=0)
    course.saw_page(events(4))
    assert course.progress().events_found == 0


def test_an_answer_leaves_its_course_at_the_end(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    for place in range(4):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT, issue=f"Issue {place % 2}")
    client = SentryClient(config)
    assert client.course.progress() == Progress()
    fetch_answer(client, question("1"), projects=client.projects())
    told = client.course.progress()
    assert (told.read, told.problems, told.events_found) == (2, 2, 4)
    assert told.done == told.known == 4


def test_glitchtips_lists_are_followed_as_well(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    demo_sentry.settings.flavor = "glitchtip"
    demo_sentry.world.add_event(user_id="1", timestamp=MOMENT)
    client = SentryClient(config)
    fetch_answer(client, question("1"), projects=client.projects())
    told = client.course.progress()
    assert told.pages > 0
    assert told.events_found == 1
