"""Trails to tamper with, and what is said of them."""

from io import StringIO
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from apps.audit.models import Action
from apps.audit.trail import Actor, record

ANA = Actor("web", 7, "ana", "203.0.113.9")


def written(count: int) -> None:
    """That many entries, each with words."""
    for number in range(1, count + 1):
        record(
            Action.LOOKED_UP,
            ANA,
            target=f"lookup {number}",
            customer_hash="c" * 64,
            detail={"minutes": number},
            words=f"Ticket {number}",
        )


def sql(statement: str, *values: Any) -> None:
    """What somebody with rights on the database does."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def verdict(*arguments: str) -> str:
    """What `verify_audit` says: its last line when the trail is whole, else what is broken."""
    out = StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=out, stderr=StringIO())
    except CommandError as broken:
        return str(broken)
    return out.getvalue().strip().splitlines()[-1]


def noted() -> str:
    """The end as it is printed, to be noted."""
    last = verdict()
    assert last.startswith("End: "), last
    return last.removeprefix("End: ")
