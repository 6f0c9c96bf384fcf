"""Generated worlds with similar customers, ties, and edges, and the events expected from each.

The expected events are computed here from what was put into the world.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import strategies as st

from apps.demo.world import World
from apps.events.identifier import parse_customer
from apps.events.query import (
    DEFAULT_FIELDS,
    EXACTLY,
    Customer,
    CustomerRefused,
    Question,
    Window,
    as_hex_id,
)
from tests.conftest import MOMENT

PROJECTS = ("web", "api", "shop-app")
ENVIRONMENTS = ("production", "staging", "eu/1 & co")
ISSUES = ("Payment", "Login", 'Odd "one" \\*')
ACCOUNT = "tags[account_id]"
SECOND = timedelta(seconds=1)

_PIECES = (
    "a", "A", "b", "1", "0", '"', "\\", "*", "[", "]", "(", ")", ",", " ", ":", "!", "=", "<", ">",
    "%", "&", "+", "#", ";", "/", "?", ".", "@", "-", "_", "$", "^", "|", "{", "}", "'", "`", "~",
    '\\"', "\\*", "\\\\", "**", " OR ", " AND ", "user.id:", "%25", "%00", "null", "-1",
    "é", "É", "ß", "İ", "\u0131", "ς", "田中", "😀", "\u200d", "\u202e", "\u2028", "\x85", "\xa0",
)  # fmt: skip
_HOT = ("a", "A", "\\", "*", '"')
_HEX = "5eed0bad" * 4


@dataclass(frozen=True)
class Planted:
    """An event as it was put into the world."""

    timestamp: datetime
    project: str
    environment: str | None
    issue: str
    names: Mapping[str, str | None]
    trace: str | None
    id: str = ""

    def is_about(self, question: Question) -> bool:
        """Return whether a searched field has the customer, or its ID was entered."""
        wanted = question.customer.identifier.casefold()
        if any((self.names.get(name) or "").casefold() == wanted for name in question.fields):
            return True
        return question.customer.hex_id is not None and self.trace == question.customer.hex_id

    def is_expected(self, question: Question) -> bool:
        """Return whether the answer must contain it."""
        window = question.window
        whole = self.timestamp.replace(microsecond=0)
        return (
            self.is_about(question)
            and window.moment - timedelta(minutes=window.minutes) <= whole
            and whole <= window.moment + timedelta(minutes=window.minutes)
            and self.is_in_scope(question)
        )

    def is_in_scope(self, question: Question) -> bool:
        """Return whether it is in a searched project and environment."""
        return (not question.projects or self.project in question.projects) and (
            not question.environments or self.environment in question.environments
        )


@dataclass(frozen=True)
class Scene:
    """A lookup, the events of the world, and the limits of server and client."""

    question: Question
    planted: tuple[Planted, ...]
    row_page_cap: int | None
    full_page_cap: int | None
    max_events: int
    expected: dict[str, Planted] = field(default_factory=dict)

    def plant(self, world: World) -> None:
        """Put the events into an emptied world, and record the IDs of those expected."""
        world.clear()
        self.expected.clear()
        for slug in PROJECTS:
            world.add_project(slug)
        for name in ENVIRONMENTS:  # each exists, whatever lies in the window
            world.add_event(timestamp=MOMENT - timedelta(days=9), environment=name)
        for place, one in enumerate(self.planted):
            account = one.names.get(ACCOUNT)
            made = world.add_event(
                timestamp=one.timestamp,
                project=one.project,
                environment=one.environment,
                issue=one.issue,
                user_id=one.names.get("user.id"),
                email=one.names.get("user.email"),
                username=one.names.get("user.username"),
                tags={"place": str(place)} | ({"account_id": account} if account else {}),
                trace_id=one.trace,
            )
            if one.is_expected(self.question):
                self.expected[made.id] = one


def customer_of(text: str) -> Customer:
    """Return the customer as typed, for which no label or quote is special."""
    return parse_customer(text if as_hex_id(text) else f"{EXACTLY}{text}")


def _is_valid_customer(text: str) -> bool:
    try:
        customer_of(text)
    except CustomerRefused:
        return False
    return True


def customers() -> st.SearchStrategy[str]:
    """Return awkward texts, email addresses, and IDs of 32 hex digits in any spelling."""
    odd = st.characters(exclude_categories=("Cs", "Cc"))
    awkward = st.lists(st.sampled_from(_PIECES) | odd, min_size=1, max_size=8).map("".join)
    hot = st.lists(st.sampled_from(_HOT), max_size=4).map("".join)
    unquotable = st.builds("{}{}{}".format, hot, st.sampled_from(("\\", '\\"', "\\*")), hot)
    emails = st.sampled_from(("jane@example.com", "Jane+shop@Example.com", "JOSÉ@example.com"))
    dashed = f"{_HEX[:8]}-{_HEX[8:12]}-{_HEX[12:16]}-{_HEX[16:20]}-{_HEX[20:]}"
    ids = st.sampled_from((_HEX, _HEX.upper(), dashed))
    return (
        (hot | unquotable | awkward | emails | unquotable | ids)
        .map(str.strip)
        .filter(bool)
        .filter(_is_valid_customer)
    )


def _similar(name: str) -> tuple[str, ...]:
    return tuple(
        other
        for other in (
            name.swapcase(),
            name + "\\",
            name + "*",
            "*",
            name + " ",
            f'"{name}"',
            name.replace("\\", ""),
            name.replace("\\", "\\\\"),
            name.replace("*", "x").replace("\\", "y"),
            name[:-1],
            name + "1",
        )
        if other
    )


def names_like(customer: str) -> st.SearchStrategy[dict[str, str | None]]:
    """Return identities: the customer's, with any capitals, or similar ones."""
    spellings = (customer, customer.lower(), customer.upper(), customer.casefold())
    value = st.sampled_from((None, None, *spellings, *_similar(customer)))
    return st.fixed_dictionaries(dict.fromkeys((*DEFAULT_FIELDS, ACCOUNT), value))


def times_around(minutes: int) -> st.SearchStrategy[datetime]:
    """Return times around the window's edges, often in the same second."""
    edge = minutes * 60
    seconds = st.sampled_from((-edge - 1, -edge, -1, 0, 0, 1, edge, edge + 1))
    fraction = st.sampled_from((0, 0, 1, 999_999))
    return st.builds(
        lambda second, micro: MOMENT + timedelta(seconds=second, microseconds=micro),
        seconds | st.integers(-edge, edge),
        fraction,
    )


def _planted(customer: str, minutes: int) -> st.SearchStrategy[Planted]:
    return st.builds(
        Planted,
        timestamp=times_around(minutes),
        project=st.sampled_from(PROJECTS),
        environment=st.sampled_from((*ENVIRONMENTS, None)),
        issue=st.sampled_from(ISSUES),
        names=names_like(customer),
        trace=st.sampled_from((None, as_hex_id(customer))),
    )


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Return any customer, window, scope, page size, and limit, over any small world."""
    customer = draw(customers())
    minutes = draw(st.sampled_from((1, 5, 60)))
    question = Question(
        customer=customer_of(customer),
        window=Window(MOMENT, minutes),
        projects=draw(st.sampled_from(((), (), (), ("web",), ("web", "api")))),
        environments=draw(st.sampled_from(((), (), (), ("production",), ENVIRONMENTS[1:]))),
        fields=draw(st.sampled_from((DEFAULT_FIELDS, (*DEFAULT_FIELDS, ACCOUNT)))),
    )
    planted = draw(
        st.lists(
            _planted(customer, minutes), min_size=draw(st.sampled_from((0, 5, 15))), max_size=25
        )
    )
    true = sum(one.is_expected(question) for one in planted)
    return Scene(
        question=question,
        planted=tuple(planted),
        row_page_cap=draw(st.sampled_from((None, 1, 2, 7))),
        full_page_cap=draw(st.sampled_from((None, 10, 1, 3))),
        max_events=max(1, draw(st.sampled_from((500, 500, true, true - 1, 3)))),
    )
