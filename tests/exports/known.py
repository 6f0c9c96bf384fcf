"""Known errors for the results that are exported."""

from dataclasses import replace
from datetime import date

from apps.events.answer import Answer, CatalogEntry, FixState, KnownErrors, KnownMatch, Link

BANK = CatalogEntry(
    slug="bank-declines",
    title="The bank refuses cards",
    explanation="The bank has had an outage since Monday.\nNothing is charged.",
    reply="Hello,\n\nplease use another card until Thursday.",
    workaround="Pay by invoice.",
    state=FixState.PLANNED,
    planned_for=date(2026, 11, 26),
    owner="Payments team",
    links=(Link("Status page", "https://status.example/7"), Link("Odd", "javascript:alert(1)")),
)
FIXED = CatalogEntry(
    slug="old-cart",
    title="The old cart",
    explanation="It lost prices.",
    state=FixState.FIXED,
    fixed_in="2.15.0",
)
WHY = ("the exception type is “PaymentDeclined”", "the project is web")
TODAY = date(2026, 11, 24)


def knowing(
    answer: Answer, *known: CatalogEntry, issue: str = "9001", unchecked: int = 0
) -> Answer:
    """Return the result with these known errors for one of its issues."""
    matches = tuple(KnownMatch(one, issue, WHY) for one in known)
    return replace(answer, known=KnownErrors(matches, unchecked))
