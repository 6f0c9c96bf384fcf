"""What every filter of the list has in common: a choice of one, that stands in the address."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from apps.lookups.models import Lookup

MOST_CHOICES = 200

Choices = Sequence[tuple[str, str]]


class OneOf(admin.SimpleListFilter, ABC):
    """A choice of one. `is_hidden` ones have no list to choose from; links lead to them."""

    is_hidden = False

    title: str
    parameter_name: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """The choices; of a hidden one what is chosen."""
        return [(chosen, chosen)] if (chosen := self.chosen) else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Lookup]) -> QuerySet[Lookup]:
        """The lookups of the choice; none for a choice that does not exist."""
        if not self.chosen:
            return queryset
        condition = self.condition(self.chosen)
        return queryset.none() if condition is None else queryset.filter(condition)

    def has_output(self) -> bool:
        """Also a choice that is not offered counts: it finds nothing, rather than everything."""
        return super().has_output() or bool(self.chosen)

    @property
    def chosen(self) -> str:
        """What is chosen, if anything."""
        return str(self.value() or "")

    @property
    def told(self) -> str:
        """The choice in words."""
        told = (label for value, label in self.lookup_choices if value == self.chosen)
        return str(next(told, "?"))

    @abstractmethod
    def condition(self, chosen: str) -> Q | None:
        """What the lookups of the choice have in common; None where there is no such choice."""
