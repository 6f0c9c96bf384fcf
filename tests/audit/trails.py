"""Trails to tamper with, and their verification."""

from io import StringIO
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from apps.audit.models import Action
from apps.audit.trail import Actor, record

ANA = Actor("web", 7, "ana", "203.0.113.9")


def written(count: int) -> None:
    """Record that many entries, each with words."""
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
    """Execute SQL, as the owner of the database could."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def verdict(*arguments: str) -> str:
    """Return the last line of `verify_audit`, or its error."""
    out = StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=out, stderr=StringIO())
    except CommandError as broken:
        return str(broken)
    return out.getvalue().strip().splitlines()[-1]


def noted() -> str:
    """Return the printed end of the trail."""
    last = verdict()
    assert last.startswith("End: "), last
    return last.removeprefix("End: ")
