"""The cached catalog is never stale."""

import pytest

from apps.known_errors.catalogue import current_catalogue
from apps.known_errors.models import KnownError
from tests.known_errors.entries import create_entry
from tests.known_errors.facts import answer, event, found

pytestmark = pytest.mark.django_db


def slugs() -> set[str]:
    return {entry.known.slug for entry in current_catalogue().entries}


def test_change_without_newer_timestamp_is_noticed() -> None:
    create_entry("first")
    late = create_entry("second")
    assert slugs() == {"first", "second"}
    seen = late.changed_at
    late.is_active = False
    late.save()
    KnownError.objects.filter(pk=late.pk).update(changed_at=seen)
    assert slugs() == {"first"}


def test_entry_with_invalid_pattern_counts_as_unchecked() -> None:
    create_entry("older", pattern={"message": {"expression": "(?=x)y"}})
    result = found(current_catalogue(), answer(event()))
    assert (result.matches, result.unchecked) == ((), 1)
