"""Models of the audit trail, and the database triggers that keep it append-only."""

import tomllib
from functools import cache
from pathlib import Path

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.crypto import SealedField


class Action(models.TextChoices):
    """Audited actions."""

    SIGNED_IN = "signed_in", "signed in"
    SIGN_IN_FAILED = "sign_in_failed", "could not sign in"
    LOCKED_OUT = "locked_out", "was locked out"
    SIGNED_OUT = "signed_out", "signed out"
    LOOKED_UP = "looked_up", "looked up a customer"
    VIEWED = "viewed", "opened a result"
    REVEALED = "revealed", "saw a result without redaction"
    EXPORTED = "exported", "exported a result"
    COPIED = "copied", "copied an export"
    SHARED = "shared", "shared a lookup"
    UNSHARED = "unshared", "stopped sharing a lookup"
    CANCELLED = "cancelled", "stopped a lookup"
    PURGED = "purged", "deleted a stored result"
    REFRESHED = "refreshed", "refreshed a result"
    EXTENDED = "extended", "kept a result longer"
    FORGOT = "forgot", "erased a customer's data"
    PRUNED = "pruned", "deleted expired data"
    REVIEWED = "reviewed", "viewed or exported a list"
    INVITED = "invited", "invited a person"
    ACCOUNT_CHANGED = "account_changed", "changed an account"
    TOKEN_ISSUED = "token_issued", "issued an API token"
    TOKEN_REVOKED = "token_revoked", "revoked an API token"
    SETTING_CHANGED = "setting_changed", "changed a setting"
    CATALOGUED = "catalogued", "changed a known error"
    DRAFTED = "drafted", "used a draft"
    HANDED_OVER = "handed_over", "sent a draft"
    EXPLAINED = "explained", "had an LLM explain a result"
    BACKED_UP = "backed_up", "made a backup"
    RESTORED = "restored", "restored a backup"
    REFUSED = "refused", "was denied"


class Entry(models.Model):
    """An action, written once; `digest` covers all fields and the previous entry's digest.

    The actor's ID and name are copied, because entries must not change when an account does.
    Customers appear only as keyed hashes.
    """

    sequence = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField("time", db_index=True)
    action = models.CharField(max_length=20, choices=Action, db_index=True)
    actor_id = models.BigIntegerField(null=True, db_index=True)
    actor = models.CharField(max_length=150, blank=True)
    origin = models.CharField(max_length=6)
    address = models.CharField(max_length=45, blank=True)
    target = models.CharField(max_length=100, blank=True, db_index=True)
    customer_hash = models.CharField(max_length=64, blank=True, db_index=True)
    detail = models.JSONField(default=dict)
    words_hash = models.CharField(max_length=64, blank=True)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ("-sequence",)
        verbose_name_plural = "entries"
        default_permissions = ("view",)
        # For the filters of the admin's list, newest first.
        indexes = (
            models.Index(fields=["action", "-sequence"], name="audit_entry_action_last"),
            models.Index(fields=["actor", "-sequence"], name="audit_entry_actor_last"),
            models.Index(fields=["origin", "-sequence"], name="audit_entry_origin_last"),
        )

    def __str__(self) -> str:
        return f"Entry {self.sequence}"


class Words(models.Model):
    """Text a person typed for an entry, such as the reason; can be erased without the entry."""

    entry = models.OneToOneField(Entry, on_delete=models.DO_NOTHING, related_name="words")
    customer_hash = models.CharField(max_length=64, blank=True, db_index=True)
    sealed = SealedField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Words of entry {self.entry_id}"


class End(models.Model):
    """The last entry's number and digest, in a single row that writers lock."""

    sequence = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="0" * 64)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"End at {self.sequence}"


class Checkpoint(models.Model):
    """The last pruned entry, signed with the site's key; the remaining trail starts after it."""

    sequence = models.BigIntegerField(primary_key=True)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()
    count = models.BigIntegerField()
    signature = models.CharField(max_length=64)

    class Meta:
        ordering = ("-sequence",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"Checkpoint at {self.sequence}"


# Triggers against accidental and malicious changes.


@cache
def _triggers(vendor: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the functions and the triggers of `triggers.toml`: their SQL by name."""
    sql = tomllib.loads((Path(__file__).parent / "triggers.toml").read_text("utf-8"))[vendor]
    return sql.get("functions", {}), sql["triggers"]


def install_triggers(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers, replacing existing ones."""
    remove_triggers(connection)
    functions, triggers = _triggers(connection.vendor)
    with connection.cursor() as cursor:
        for statement in (*functions.values(), *triggers.values()):
            cursor.execute(statement)


def remove_triggers(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers: for tests, which empty every table, and for reversing the migration."""
    functions, triggers = _triggers(connection.vendor)
    with connection.cursor() as cursor:
        for name in triggers:
            table = "" if connection.vendor == "sqlite" else f"ON {name.rpartition('_')[0]}"
            cursor.execute(f"DROP TRIGGER IF EXISTS {name} {table}")
        for name in functions:
            cursor.execute(f"DROP FUNCTION IF EXISTS {name}()")


def missing_triggers(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of triggers that don't exist or are disabled."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        existing = {row[0] for row in cursor.fetchall()}
    return sorted(_triggers(connection.vendor)[1].keys() - existing)
