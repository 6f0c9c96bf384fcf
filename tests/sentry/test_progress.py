"""The progress of a lookup."""

from datetime import timedelta

from apps.events.answer import MAX_PREVIEWS, Progress
from apps.events.event import Event
from apps.sentry.client import ProgressTracker, SentryClient
from apps.sentry.config import SentryConfig
from apps.sentry.fetch import fetch_answer
from tests.conftest import MOMENT, question
from tests.demo_sentry import DemoSentry


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


def test_progress_shows_events_while_listing_and_problems_afterwards() -> None:
    tracker = ProgressTracker()
    tracker.record_page(events(3))
    listing = tracker.snapshot()
    assert (listing.events_found, listing.known, listing.problems) == (3, None, None)
    both = [*events(3), *events(2, problem="2")]
    tracker.record_list(both, ["1", "2"], others=1)
    reading = tracker.snapshot()
    assert (reading.events_found, reading.problems, reading.read) == (5, 2, 0)
    assert (reading.done, reading.known) == (1, 4)


def test_problem_is_read_after_its_last_call() -> None:
    tracker = ProgressTracker()
    tracker.record_list([*events(20), *events(1, problem="2")], ["1", "1", "2"], others=0)
    seen = []
    for problem in ("1", "2", "1"):
        tracker.tracked(lambda: None, problem)()
        progress = tracker.snapshot()
        seen.append((progress.read, progress.done, progress.known))
    assert seen == [(0, 2, 4), (1, 3, 4), (2, 4, 4)]


def test_failed_call_counts_as_done() -> None:
    tracker = ProgressTracker()
    tracker.record_list(events(1), ["1"], others=1)

    def fail() -> None:
        raise ValueError

    for call in (tracker.tracked(fail, "1"), tracker.tracked(lambda: None)):
        try:
            call()
        except ValueError:
            continue
    assert (tracker.snapshot().done, tracker.snapshot().read) == (3, 1)
    assert tracker.snapshot().share == 1


def test_share_never_decreases() -> None:
    tracker = ProgressTracker()
    shares = [tracker.snapshot().share]
    for _page in range(30):
        tracker.record_page(events(1))
        shares.append(tracker.snapshot().share)
    tracker.record_list(events(1), ["1"], others=2)
    for step in (tracker.tracked(lambda: None, "1"), tracker.tracked(int), tracker.tracked(int)):
        shares.append(tracker.snapshot().share)
        step()
    shares.append(tracker.snapshot().share)
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.1
    assert [share for share in shares if share >= 1] == [1]


def test_only_the_newest_events_are_previewed_and_all_are_counted() -> None:
    tracker = ProgressTracker()
    tracker.record_page(reversed(events(80)))
    progress = tracker.snapshot()
    assert progress.events_found == 80
    assert len(progress.newest) == MAX_PREVIEWS
    assert [one.timestamp for one in progress.newest] == [
        event.timestamp for event in events(MAX_PREVIEWS)
    ]


def test_previews_contain_no_text_of_the_event() -> None:
    tracker = ProgressTracker()
    tracker.record_page(events(1, title="jane@example.com <b>paid</b> with 4111 1111 1111 1111"))
    (preview,) = tracker.snapshot().newest
    assert preview.sentence == "The app recorded something."


def test_pages_after_the_list_are_not_counted() -> None:
    tracker = ProgressTracker()
    tracker.record_list([], [], others=0)
    tracker.record_page(events(4))
    assert tracker.snapshot().events_found == 0


def test_progress_is_complete_after_a_lookup(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    for place in range(4):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT, issue=f"Issue {place % 2}")
    client = SentryClient(config)
    assert client.progress_tracker.snapshot() == Progress()
    fetch_answer(client, question("1"), projects=client.projects())
    progress = client.progress_tracker.snapshot()
    assert (progress.read, progress.problems, progress.events_found) == (2, 2, 4)
    assert progress.done == progress.known == 4


def test_progress_is_tracked_for_glitchtip(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    demo_sentry.settings.flavor = "glitchtip"
    demo_sentry.world.add_event(user_id="1", timestamp=MOMENT)
    client = SentryClient(config)
    fetch_answer(client, question("1"), projects=client.projects())
    progress = client.progress_tracker.snapshot()
    assert progress.pages > 0
    assert progress.events_found == 1
