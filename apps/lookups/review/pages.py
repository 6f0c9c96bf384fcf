"""The list, cut into pages. Nothing is ever counted beyond ten thousand."""

from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from apps.lookups.models import Lookup
from apps.lookups.review.choices import OneOf
from apps.lookups.review.filters import ORDERS, place_of
from apps.lookups.review.rows import Row, rows_of

MOST_COUNTED = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Pages of the first ten thousand; whether there are more is known, how many is not."""

    @cached_property
    def _counted(self) -> int:
        lookups = self.object_list
        assert isinstance(lookups, QuerySet)  # noqa: S101 - the admin hands nothing else over
        return int(lookups.order_by()[: MOST_COUNTED + 1].count())

    @cached_property
    def count(self) -> int:
        """How many there are to page through."""
        return min(self._counted, MOST_COUNTED)

    @property
    def has_more(self) -> bool:
        """Whether the list goes on behind the last page."""
        return self._counted > MOST_COUNTED


class ReviewList(ChangeList):
    """The lookups that match, the newest first, as rows in words."""

    paginator: BoundedPaginator

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Lookup]) -> list[Any]:
        """By time, along the index of the filter that leads; no other order is offered."""
        for (parameter, value), order in ORDERS.items():
            chosen = self.params.get(parameter)
            if chosen and value in ("", chosen):
                return [*order]
        return ["-created_at", "-pk"]

    @cached_property
    def rows(self) -> list[Row]:
        """The page."""
        return rows_of(list(self.result_list), timezone.now())

    @property
    def counted(self) -> str:
        """How many match, in words."""
        if self.paginator.has_more:
            return f"more than {MOST_COUNTED:,} lookups"
        return "1 lookup" if self.result_count == 1 else f"{self.result_count} lookups"

    @property
    def active(self) -> list[tuple[str, str, str]]:
        """Each filter that is on: its name, what it is set to, and the address without it."""
        on = [spec for spec in self.filter_specs if isinstance(spec, OneOf) and spec.chosen]
        told = [(str(spec.title), spec.told, self._without(spec.parameter_name)) for spec in on]
        return (
            [*told, ("customer", "the one searched for", self._without("q"))]
            if self.query
            else told
        )

    @property
    def page_numbers(self) -> list[int | str]:
        """The pages to go to, with gaps."""
        return list(self.paginator.get_elided_page_range(self.page_num))

    @property
    def older(self) -> str:
        """Where the list goes on behind the last page; empty where it does not."""
        last = self.paginator.num_pages
        if not self.paginator.has_more or self.page_num != last or not self.rows:
            return ""
        place = place_of(list(self.result_list)[-1])
        return f"?{urlencode({**self._kept, 'before': place})}"

    @property
    def carried(self) -> list[tuple[str, str]]:
        """What the form of filters has to carry along, without a field for it."""
        hidden = [
            (str(spec.parameter_name), spec.chosen)
            for spec in self.filter_specs
            if isinstance(spec, OneOf) and spec.is_hidden and spec.parameter_name != "before"
        ]
        return [*hidden, ("q", self.query)] if self.query else hidden

    @property
    def _kept(self) -> dict[str, str]:
        return {name: value for name, value in self.params.items() if value}

    def _without(self, parameter: str | None) -> str:
        return f"?{urlencode({k: v for k, v in self._kept.items() if k != parameter})}"
