"""The jobs of incidents: whose turn it is, and when there is no reason to go on."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from apps.accounts.permissions import LEAD
from apps.audit.models import Action, Entry
from apps.demo.server import DemoSentry
from apps.jobs.engine import work
from apps.jobs.models import Job
from tests.conftest import signed_in
from tests.incidents.test_pages import begin, exported
from tests.web.asking import text


def test_the_lists_of_two_leads_take_turns(lea: Client, other_agent: User) -> None:
    other_agent.groups.add(Group.objects.get(name=LEAD))
    begin(lea, customers="\n".join(map(str, range(1001, 1401))))
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
    why = "the person who began this can no longer look up many customers"
    assert why in text(ada.get(url))
    entry = Entry.objects.get(action=Action.CANCELLED)
    assert entry.origin == "system"
    assert why in entry.detail["why"]
