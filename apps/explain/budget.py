"""What a day may cost: set aside before a call at its most, and corrected when it is known."""

from dataclasses import dataclass
from datetime import date

from django.db.models import F
from django.utils import timezone

from apps.explain.configured import MILLION, Llm, money
from apps.explain.errors import BudgetUsedUp
from apps.explain.models import Spending


@dataclass(frozen=True, slots=True)
class Reserved:
    """What was set aside, and on which day."""

    day: date
    tokens: int
    cost: int


def reserve(llm: Llm, tokens_in: int) -> Reserved:
    """Set aside what the call can cost at most. Raises `BudgetUsedUp`.

    One conditional change of the day's row, so that no two processes take the same rest.
    """
    tokens = tokens_in + llm.answer_tokens
    cost = llm.cost(tokens_in, llm.answer_tokens)
    day = timezone.localdate()
    Spending.objects.get_or_create(day=day)
    rows = Spending.objects.filter(day=day, tokens__lte=llm.tokens_per_day - tokens)
    if llm.costs_money:
        rows = rows.filter(cost__lte=_most_cost(llm) - cost)
    if not rows.update(tokens=F("tokens") + tokens, cost=F("cost") + cost):
        raise BudgetUsedUp(left_today(llm))
    return Reserved(day, tokens, cost)


def settle(reserved: Reserved, *, tokens: int, cost: int) -> None:
    """Put what was really used in the place of what was set aside."""
    Spending.objects.filter(day=reserved.day).update(
        tokens=F("tokens") + (tokens - reserved.tokens), cost=F("cost") + (cost - reserved.cost)
    )


def left_today(llm: Llm) -> str:
    """What is left of the day in words: tokens, and money where there are prices."""
    spent = Spending.objects.filter(day=timezone.localdate()).first() or Spending()
    tokens = max(llm.tokens_per_day - spent.tokens, 0)
    told = f"{tokens:,} tokens"
    if not llm.costs_money:
        return told
    left, most = max(_most_cost(llm) - spent.cost, 0), _most_cost(llm)
    return f"{told}, and {money(left)} of {money(most)} to spend"


def _most_cost(llm: Llm) -> int:
    return int(llm.cost_per_day * MILLION)
