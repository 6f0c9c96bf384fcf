"""Sites with their own databases, filled with rows in every table and column."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import dj_database_url
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management.color import no_style
from django.db import connections, models, transaction

from apps.audit.models import Action, Entry
from apps.audit.trail import SYSTEM, Actor, record
from apps.audit.verification import prune_trail
from apps.backup import Backup, Manifest, write_backup
from apps.crypto import seal
from triage_site import env

ACTOR = Actor("cli", name="operator")
FIRST = 1000  # of the numbers of our rows: migrations wrote some with lower ones
Rows = dict[str, list[tuple[Any, ...]]]


@contextmanager
def site(url: str) -> Iterator[None]:
    """Use this database in the thread, as a process with this `DATABASE_URL` does."""
    before = connections["default"]
    is_file = url.startswith("sqlite:///")
    config = env.sqlite(Path(url.removeprefix("sqlite:///"))) if is_file else None
    changed = {"OPTIONS": {}, **(config or dj_database_url.parse(url))}
    kept = connections.settings["default"]
    connections.settings["default"] = {**before.settings_dict, **changed}
    connections["default"] = connections.create_connection("default")
    connections.settings["default"] = kept
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = before


def all_models() -> list[type[models.Model]]:
    """Return the models of all tables."""
    return [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]


def fill(rows: int = 3) -> None:
    """Insert rows into every table, with unusual values in every column."""
    with transaction.atomic():  # constraints are checked at its end
        for model in all_models():
            if model._meta.app_label != "audit":
                fields = model._meta.local_concrete_fields
                model._base_manager.bulk_create(
                    model(**{one.attname: _value(model, one, row) for one in fields})
                    for row in range(rows)
                )
        with connections["default"].cursor() as cursor:
            for statement in connections["default"].ops.sequence_reset_sql(
                no_style(), all_models()
            ):
                cursor.execute(statement)
    for number in range(4):
        record(Action.LOOKED_UP, SYSTEM, detail={"minutes": 5}, words=f"Ticket {number}: Zoë")
    first = Entry.objects.order_by("sequence").first()
    assert first is not None
    prune_trail(first.at + timedelta(microseconds=1))


def _value(model: type[models.Model], one: Any, row: int) -> Any:
    if one.null and not one.primary_key and (row == 0 or _is_other_reader(model, one, row)):
        return None if not _is_reader(model, one) or row else FIRST
    if one.is_relation:
        return _value(one.related_model, one.target_field, row)
    return _plain(one, row)


def _is_reader(model: type[models.Model], one: Any) -> bool:
    return model.__name__.endswith("Share") and one.name == "user"


def _is_other_reader(model: type[models.Model], one: Any, row: int) -> bool:
    """Return whether a share, which is with a person or a team, leaves this one out."""
    return model.__name__.endswith("Share") and one.name == ("user", "group")[row % 2]


def _plain(one: Any, row: int) -> Any:
    kind = one.get_internal_type()
    if kind in ("CharField", "TextField", "SlugField"):
        if row == 0 and not one.unique:
            return ""
        text = f"{row} Zoë 𝄞\n\t\\\"'%s;☃\x7f {{x}} "
        return text[: min(one.max_length or 100, 100)]
    moment = datetime(2026, 11, 30, 23, 59, 59, 999999 - row, tzinfo=UTC) - timedelta(days=row)
    values = {
        "BooleanField": row % 2 == 0,
        "BinaryField": seal(bytes(range(256)) * row),
        "DateField": date(2026, 2, 28 - row),
        "DateTimeField": moment,
        "JSONField": [{}, {"é": [1, 2.5, None, True, "\x7f\u2028", 2**40]}, ["", {"a": {}}]][row],
        "UUIDField": UUID(int=2**127 + row),
        "GenericIPAddressField": f"2001:db8::{row}",
        "PositiveSmallIntegerField": 32767 - row,
        "PositiveIntegerField": 2**31 - 1 - row,
    }
    return values.get(kind, FIRST + row)


def all_rows() -> Rows:
    """Return every value of every row, by table."""
    return {
        model._meta.db_table: [
            tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
            for row in model._base_manager.order_by("pk").values_list(
                *(one.attname for one in model._meta.local_concrete_fields)
            )
        ]
        for model in all_models()
    }


def backed_up(passphrase: str = "") -> tuple[bytes, Manifest]:
    """Return a backup of the current site."""
    file = BytesIO()
    manifest = write_backup(file, ACTOR, passphrase)
    return file.getvalue(), manifest


def opened(content: bytes) -> Backup:
    """Open a backup, and check whether it can be restored here."""
    backup = Backup(BytesIO(content))
    backup.check()
    return backup


def add_person(name: str) -> User:
    """Create an account."""
    return User.objects.create(username=name)
