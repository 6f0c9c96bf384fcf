"""The jobs of incidents: whose turn it is, in what order they end, and when nobody needs them."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from apps.accounts.models import LEAD, ApiToken
from apps.audit.models import Action, Entry
from apps.incidents.models import Incident
from apps.incidents.services import BASELINE, BATCH, DETAILS, SEEN
from apps.jobs.engine import enqueue, work
from apps.jobs.models import Job
from apps.sentry import incident
from tests.conftest import signed_in
from tests.demo_sentry import DemoSentry
from tests.incidents.test_pages import begin, exported
from tests.web.asking import AT, text
from tests.web.tokens import token_of


def test_the_lists_of_two_leads_take_turns(
    lea: Client, other_agent: User, small_parts: None
) -> None:
    other_agent.groups.add(Group.objects.get(name=LEAD))
    begin(lea)
    begin(signed_in(other_agent), customers="1001\n1002")
    for _ in range(2):
        assert work()
    done = Job.objects.filter(state="done").values_list("requester", flat=True)
    assert len(set(done)) == 2, "one batch of each, not two of the longer list"


@pytest.mark.parametrize(
    "leave",
    [
        lambda lead: User.objects.filter(pk=lead.pk).update(is_active=False),
        lambda lead: lead.groups.clear(),
        lambda lead: lead.delete(),
    ],
    ids=["deactivated", "no longer a lead", "deleted"],
)
def test_an_incident_ends_with_the_rights_of_its_person(
    lea: Client,
    lead: User,
    admin: User,
    connected: DemoSentry,
    leave: Callable[[User], object],
) -> None:
    url = begin(lea, customers="\n".join(map(str, range(1001, 1151))))
    assert work()
    lea.post(f"{url}share/", {"reader": "ada"})
    leave(lead)
    connected.calls.clear()
    while work():
        pass
    assert not connected.calls
    ada = signed_in(admin)
    result = exported(ada, url)
    assert (result["state"], result["answered"]) == ("cancelled", 100)
    why = "the person who started this can no longer look up lists"
    assert why in text(ada.get(url))
    entry = Entry.objects.get(action=Action.CANCELLED)
    assert entry.origin == "system"
    assert why in entry.detail["why"]


@pytest.mark.parametrize(
    "change",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(hours=1)},
        {"scopes": ["read"]},
    ],
    ids=["revoked", "expired", "without its scope"],
)
def test_an_incident_ends_with_the_token_that_began_it(
    lea: Client, lead: User, connected: DemoSentry, change: dict[str, Any]
) -> None:
    headers = {"Authorization": f"Bearer {token_of(lead)}"}
    body = {"customers": ["1001", "1002"], "at": AT}
    begun = lea.post("/api/v1/incidents/", body, "application/json", headers=headers)
    ApiToken.objects.update(**change)
    connected.calls.clear()
    while work():
        pass
    assert not connected.calls
    url = f"/incidents/{begun.json()['incident_id']}/"
    assert exported(lea, url)["state"] == "cancelled"
    assert "the API token that started this no longer works" in text(lea.get(url))


def swept() -> Incident:
    """Return the incident, as a worker leaves it that has nothing else to do."""
    enqueue("periodic.incidents", again=True, due_at=timezone.now() - timedelta(seconds=1))
    while work():
        pass
    return Incident.objects.get()


def test_workers_end_what_nobody_looks_at(lea: Client, lead: User) -> None:
    """Lists whose jobs failed or were lost, those that expired, and those without a right."""
    begin(lea)
    Job.objects.exclude(kind=BATCH).delete()
    Job.objects.update(state="failed")
    incident = swept()
    assert incident.finished_at
    assert incident.batches.get().problem == "Something went wrong on our side."
    changes: tuple[tuple[str, Callable[[], object]], ...] = (
        ("has expired", lambda: Incident.objects.update(expires_at=timezone.now())),
        ("no longer look up lists", lead.groups.clear),
    )
    for why, change in changes:
        Incident.objects.all().delete()
        begin(lea)
        Job.objects.filter(state="waiting").update(due_at=timezone.now() + timedelta(hours=1))
        change()
        incident = swept()
        assert incident.cancelled_at, why
        assert why in incident.batches.get().problem
        assert not Job.objects.filter(kind=BATCH, state="waiting").exists(), why


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an incident have many jobs with few customers each."""
    monkeypatch.setattr(incident, "MAX_IN_BATCH", 2)


def work_in_order(chance: random.Random) -> list[str]:
    """Do all jobs, each time any of those that are due, and return their kinds."""
    done = []
    while open_jobs := list(Job.objects.filter(state="waiting", due_at__lte=timezone.now())):
        chosen = chance.choice(open_jobs)
        Job.objects.filter(pk=chosen.pk).update(due_at=timezone.now() - timedelta(days=1))
        assert work()
        done.append(chosen.kind)
    return done


def test_the_parts_of_an_incident_can_end_in_any_order(
    lea: Client, connected: DemoSentry, small_parts: None
) -> None:
    results, calls = [], []
    for seed in range(3):
        url = begin(lea, window=str(10 + seed))
        connected.calls.clear()
        kinds = Counter(work_in_order(random.Random(seed)))  # noqa: S311 - repeatable
        assert [kinds[one] for one in (BATCH, BASELINE, SEEN, DETAILS)] == [4, 1, 2, 1], kinds
        result = exported(lea, url)
        assert result["state"] == "finished"
        assert result["calls"] == len([one for one in connected.calls if "events" in one.path]) + 1
        calls.append(len(connected.calls))
        results.append([result[name] for name in ("failures", "never_seen", "without_errors")])
        for failure in results[-1][0]:
            del failure["representatives"], failure["baseline"]
    assert all(result == results[0] for result in results)
    assert len(set(calls[1:])) == 1, "the first one also reads the projects"


def test_what_no_worker_could_do_is_read_at_the_end(
    lea: Client, connected: DemoSentry, small_parts: None
) -> None:
    """A worker that dies again and again must not keep the rest from ending."""
    for number, kind in enumerate((SEEN, BASELINE, DETAILS, BATCH)):
        url = begin(lea, window=str(20 + number))
        while work():
            broken = Job.objects.filter(kind=kind, state="waiting").first()
            if broken:
                Job.objects.filter(pk=broken.pk).update(state="failed")
        for _ in range(3):  # each visit ends what it can
            lea.get(url)
            while work():
                pass
        result = exported(lea, url)
        assert result["state"] == "finished", kind
        assert result["complete"] == (kind != BATCH), kind
        if kind == BATCH:
            assert "Something went wrong on our side." in text(lea.get(url))
        else:
            assert result["never_seen"] == [7, 10], kind


def test_an_incident_does_not_end_without_its_baseline(lea: Client) -> None:
    """Even if all else is known before."""
    url = begin(lea, customers="1001\n1002")
    later = timezone.now() + timedelta(hours=1)
    Job.objects.filter(kind=BASELINE).update(due_at=later)
    while work():
        pass
    assert exported(lea, url)["state"] == "running"
    Job.objects.filter(kind=BASELINE).update(due_at=timezone.now())
    while work():
        pass
    assert exported(lea, url)["state"] == "finished"
