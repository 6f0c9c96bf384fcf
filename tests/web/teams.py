"""Teams, and a customer with errors in two projects, only one of them visible to the reader."""

from datetime import timedelta

from django.contrib.auth.models import Group, User

from apps.accounts.models import Team
from apps.demo.world import World
from tests.conftest import MOMENT

TRACE = "ab" * 16
JANE = {"id": "1001"}

# Text in every field of the other project; the reader must never see any of it.
HIDDEN = ("zzhidden", "api-secret", "API-SECRET")


def team(name: str, projects: list[str], *people: User) -> Group:
    """Create a team of these people that can see these projects."""
    group = Group.objects.create(name=name)
    group.user_set.set(people)
    Team.objects.create(group=group, projects=projects)
    return group


def errors_in_two_projects(world: World) -> str:
    """Add errors for customer 1001 in `web` and `api-secret`; return the ID of the latter.

    `api-secret` also gets a related error, feedback, a session replay, and a release.
    """
    world.add_event(
        user_id="1001",
        timestamp=MOMENT,
        project="web",
        exception=("PaymentDeclined", "Card declined"),
        trace_id=TRACE,
    )
    hidden = world.add_event(
        user_id="1001",
        timestamp=MOMENT + timedelta(seconds=7),
        project="api-secret",
        exception=("zzhiddenError", "zzhidden words"),
        culprit="zzhidden.culprit",
        transaction="/zzhidden",
        environment="zzhidden-environment",
        release="zzhidden@2.0",
        trace_id=TRACE,
    )
    world.add_event(
        trace_id=TRACE,
        timestamp=MOMENT,
        project="api-secret",
        exception=("zzhiddenBehind", "zzhidden behind it"),
    )
    world.add_feedback(
        when=MOMENT, user=JANE, project="api-secret", message="zzhidden, I cannot pay"
    )
    world.add_replay(when=MOMENT, user=JANE, project="api-secret", urls=("https://zzhidden/",))
    world.add_release(
        "zzhidden@2.0", MOMENT, project="api-secret", released=MOMENT, deployed=MOMENT
    )
    return hidden.id
