"""Generated incidents with the truth: who had which failure, what is usual, who was never seen."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.demo.world import World
from apps.events.identifier import parse_customer
from apps.events.incident import IncidentCustomer
from apps.events.query import EXACTLY, Customer, Question, Window

NOW = datetime.now(UTC).replace(microsecond=0)
MOMENT = (NOW - timedelta(days=2)).replace(minute=5, second=0)
MINUTES = 30
NOBODY = Customer("")
QUESTION = Question(NOBODY, Window(MOMENT, MINUTES))
PLANTED = 7
RUBBISH = (
    'a"b c',
    "x OR level:error",
    "[1,2]",
    "(all)",
    "*",
    "50%",
    "a,b",
    "!x",
    "ÅSA Öberg",
    "Straße 9",
)
NAMES = ("anna", "bo", "Chris", "dana", "eve", "José", "kim.li", "SØREN", "tess", "Ulla")


@dataclass
class Incident:
    """A world with an incident. Pairs are (line, issue key); halves are keys with a dash."""

    world: World
    dice: random.Random
    customers: list[IncidentCustomer] = field(default_factory=list)
    truth: set[tuple[int, str]] = field(default_factory=set)
    never_seen: set[int] = field(default_factory=set)
    noisy: set[int] = field(default_factory=set)
    decoys: tuple[str, ...] = ("Chatter", "Rare chatter", "Extension")

    def issue_ids(self) -> dict[str, str]:
        """Return the key of each issue by its ID."""
        return {str(issue.id): issue.key for issue in self.world.issues}


def build(world: World, seed: int, size: int, *, others: int = 400) -> Incident:
    """Fill the world with an incident of so many customers; seeds make it repeatable."""
    made = Incident(world, random.Random(seed))  # noqa: S311 - repeatable
    world.clear()
    for slug in ("web", "api"):
        world.add_project(slug)
    texts = list(dict.fromkeys(_identifiers(made.dice, size)))[:size]
    for line, text in enumerate(texts, start=1):
        made.customers.append(IncidentCustomer(line, parse_customer(f"{EXACTLY}{text}")))
    for one in made.customers:
        _give(made, one)
    _add_others(made, others, texts)
    return made


def _identifiers(dice: random.Random, size: int) -> Iterator[str]:
    """Yield identifiers of all kinds; many are the beginning or the end of another."""
    yield from RUBBISH
    for number in range(size * 2):
        name = dice.choice(NAMES)
        yield dice.choice(
            (
                str(1000 + number),
                f"{name}{number}@example.com",
                f"{name}.{number}@Example.org",
                f"CORP\\{name}{number}",
                f"u-{number}",
                f"{name} {number % 40}",
                str(dice.randrange(10**5)),
                f"cus_{dice.randrange(16**6):06x}",
                f"{name}\\*{number}",
                f'{name} "{number}"\\',
                f"{dice.randrange(16**8):08x}-4d7a-4f0e-8a53-{dice.randrange(16**12):012x}",
            )
        )


def spelled(dice: random.Random, text: str) -> str:
    """Return the text with other capitals."""
    return dice.choice((text, text, text.lower(), text.upper(), text.swapcase(), text.title()))


def _named(dice: random.Random, text: str) -> dict[str, str]:
    names = dice.choice((("user_id",), ("email",), ("username",), ("user_id", "username")))
    return {name: spelled(dice, text) for name in names}


def _give(made: Incident, one: IncidentCustomer) -> None:
    """Give a customer failures, chatter, nothing in the window, or nothing at all."""
    dice, text = made.dice, one.customer.identifier
    if dice.random() < 0.1:
        made.never_seen.add(one.line)
        return
    if dice.random() < 0.15:
        _event(made, _named(dice, text), "Old failure", -3 * 60 * 60 - dice.randrange(9000))
        return
    if dice.random() < 0.1:
        _flood(made, one)
        return
    for number in range(PLANTED):
        if dice.random() < 0.1 + 0.03 * number:
            _fail(made, one, number)
    if dice.random() < 0.35:
        _plant(made, one, "Chatter", dice.randrange(-1700, 1700))
    if dice.random() < 0.12:
        _plant(made, one, "Rare chatter", dice.randrange(-1700, 1700))
    if dice.random() < 0.2:
        _plant(made, one, "Extension", dice.randrange(-1700, 1700))
    if not any(line == one.line for line, _key in made.truth):
        _event(made, _named(dice, text), "Chatter", -3000)


def _flood(made: Incident, one: IncidentCustomer) -> None:
    """Give a customer one failure, and then far more chatter than is read of anyone."""
    _fail(made, one, 0, at=-1500)
    if len(made.noisy) > 2:
        return
    made.noisy.add(one.line)
    for number in range(260):
        _plant(made, one, "Chatter", number - 1000)


def _fail(made: Incident, one: IncidentCustomer, number: int, at: int | None = None) -> None:
    """Plant a failure; the odd ones have another half in the browser."""
    dice = made.dice
    for _time in range(dice.choice((1, 1, 2, 4))):
        second = dice.randrange(-1500, 1500) if at is None else at
        key, trace = f"Failure {number}", f"{dice.randrange(16**32):032x}"
        order = f"/orders/{dice.randrange(10**6)}/step{number}"
        named = _named(dice, one.customer.identifier)
        _plant(
            made,
            one,
            key,
            second,
            named=named,
            trace_id=trace,
            exception=(f"Refused{number}", f"The partner {number} refused order {order[8:]}"),
            request={"method": "POST", "url": f"https://api.example{order}"},
            transaction=f"/orders/{{id}}/step{number}",
            release=f"api@1.{dice.randrange(3)}",
        )
        if number % 2:
            _plant(
                made,
                one,
                f"{key} - browser",
                second + 1,
                named=named,
                project="web",
                platform="javascript",
                trace_id=trace,
                exception=("AxiosError", "Request failed with status code 500"),
                breadcrumbs=[
                    {
                        "timestamp": MOMENT + timedelta(seconds=second),
                        "category": "xhr",
                        "type": "http",
                        "data": {
                            "method": "POST",
                            "url": f"https://api.example{order}",
                            "status_code": 500,
                        },
                    }
                ],
                transaction="/checkout",
                release="web@9",
            )


def _plant(
    made: Incident,
    one: IncidentCustomer,
    key: str,
    second: int,
    *,
    named: dict[str, str] | None = None,
    **fields: Any,
) -> None:
    made.truth.add((one.line, key))
    _event(made, named or _named(made.dice, one.customer.identifier), key, second, **fields)


def _event(made: Incident, named: dict[str, str], key: str, second: int, **fields: Any) -> None:
    shown: dict[str, Any] = {"project": "api", "exception": (key, "It happened")}
    at = MOMENT + timedelta(seconds=second)
    made.world.add_event(timestamp=at, issue=key, **(shown | named | fields))


def _add_others(made: Incident, count: int, texts: list[str]) -> None:
    """Add other people, some with identifiers like the customers', in and before the window."""
    dice, taken = made.dice, {text.casefold() for text in texts}
    for number in range(count):
        like = dice.choice(texts)
        text = dice.choice(
            (f"{like}{number}", f"x{like}", like[:-1], f"other-{number}", f"{like} ")
        )
        if not text.strip() or text.casefold() in taken:
            text = f"other-{number}"
        named = _named(dice, text)
        chatter = (("Chatter", 0.35), ("Rare chatter", 0.12), ("Extension", 0.2), ("Own", 0.3))
        for key, share in chatter:
            for start in (-5300, -1700):
                if dice.random() < share:
                    _event(made, named, key, start + dice.randrange(3400))
        if dice.random() < 0.1:
            _event(made, named, f"Failure {dice.randrange(PLANTED)}", dice.randrange(1500))
        if dice.random() < 0.005:
            _event(made, named, f"Failure {dice.randrange(PLANTED)}", -3000)
