"""Which of the filters the figures follow: those that days are counted by."""

from collections.abc import Mapping

from django.contrib.auth.models import User

from apps.lookups.models import Outcome
from apps.lookups.review.figures import Wanted
from apps.lookups.review.filters import is_number


def scope_of(chosen: Mapping[str, str]) -> tuple[Wanted, str]:
    """What is counted under these filters, and a word for it: of whom, and how it ended."""
    people, whose = _people(chosen)
    outcome = chosen.get("outcome", "")
    outcome = outcome if outcome in Outcome.values else ""
    shared = {"yes": True, "no": False}.get(chosen.get("shared", ""))
    told = [whose, str(Outcome(outcome).label) if outcome else ""]
    told.append({True: "shared", False: "asked of Sentry", None: ""}[shared])
    return Wanted(people, outcome, shared), ", ".join(part for part in told if part)


def _people(chosen: Mapping[str, str]) -> tuple[frozenset[int] | None, str]:
    person, team = chosen.get("who", ""), chosen.get("team", "")
    if is_number(person):
        return frozenset([int(person)]), "this person"
    if is_number(team):
        members = User.objects.filter(groups__team__group_id=int(team))
        return frozenset(members.values_list("pk", flat=True)), "this team"
    return None, ""
