"""The catalogue that a process keeps is never older than what is written in it."""

import pytest

from apps.known_errors.catalogue import current_catalogue
from apps.known_errors.models import KnownError
from tests.known_errors.entries import kept
from tests.known_errors.facts import answer, event, found

pytestmark = pytest.mark.django_db


def slugs() -> set[str]:
    return {entry.known.slug for entry in current_catalogue().entries}


def test_a_change_counts_even_if_it_looks_no_newer_than_another() -> None:
    kept("first")
    late = kept("second")
    assert slugs() == {"first", "second"}
    seen = late.changed_at
    late.is_active = False
    late.save()
    KnownError.objects.filter(pk=late.pk).update(changed_at=seen)
    assert slugs() == {"first"}


def test_an_entry_that_todays_rules_refuse_counts_as_not_checked() -> None:
    kept("older", pattern={"message": {"expression": "(?=x)y"}})
    said = found(current_catalogue(), answer(event()))
    assert (said.matches, said.unchecked) == ((), 1)
