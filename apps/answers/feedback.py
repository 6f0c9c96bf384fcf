"""What people say of known errors: whether one was what the customer had."""

from django.contrib.auth.models import User
from django.utils import timezone

from apps.answers.models import Feedback
from apps.known_errors.models import KnownError
from apps.lookups.models import Lookup


def say(person: User, lookup: Lookup, *, issue_id: str, slug: str, helped: bool) -> None:
    """Keep the person's word on that known error for that issue; it replaces their earlier one.

    Whether the entry fits the issue is for the caller to see to. Raises `KnownError.DoesNotExist`.
    """
    Feedback.objects.update_or_create(
        known_error=KnownError.objects.get(slug=slug),
        lookup=lookup,
        issue_id=issue_id,
        user=person,
        defaults={"helped": helped, "at": timezone.now()},
    )


def said_by(person: User, lookup: Lookup) -> dict[tuple[str, str], bool]:
    """Whether each known error helped, as this person said: by issue id and the entry's slug."""
    words = Feedback.objects.filter(user=person, lookup=lookup)
    return {
        (issue_id, slug): helped
        for issue_id, slug, helped in words.values_list("issue_id", "known_error__slug", "helped")
    }
