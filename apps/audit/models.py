"""The entries of the trail, what was typed beside them, its end, and what was pruned."""

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.crypto import SealedField


class Action(models.TextChoices):
    """What somebody did, or was denied."""

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
    REFUSED = "refused", "was denied"


class Entry(models.Model):
    """One act. It is written once, and never changed; `digest` covers all of it and the one before.

    Who acted is kept by number and name, not by a reference: the trail must not change when an
    account does. Of a customer only a keyed hash stands here.
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
        # The newest first, as the review lists what one of these narrows down.
        indexes = (
            models.Index(fields=["action", "-sequence"], name="audit_entry_action_last"),
            models.Index(fields=["actor", "-sequence"], name="audit_entry_actor_last"),
            models.Index(fields=["origin", "-sequence"], name="audit_entry_origin_last"),
        )

    def __str__(self) -> str:
        return f"Entry {self.sequence}"


class Words(models.Model):
    """What a person typed for an entry, such as the reason; it can be erased, the entry stays."""

    entry = models.OneToOneField(Entry, on_delete=models.DO_NOTHING, related_name="words")
    customer_hash = models.CharField(max_length=64, blank=True, db_index=True)
    sealed = SealedField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Words of entry {self.entry_id}"


class End(models.Model):
    """The one row that whoever writes an entry holds meanwhile: the last number and digest."""

    sequence = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="0" * 64)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"End at {self.sequence}"


class Checkpoint(models.Model):
    """Up to which entry the trail was pruned: where its rest begins, signed with the site's key."""

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


# Rules inside the database that keep the trail append-only, whoever speaks to it.
#
# They stop a slip and a program that was broken into. Whoever owns the tables can take them off;
# what is done then, the chain tells (`verify_audit`).

_SAYS = "The audit trail only grows"
_LIMIT = "COALESCE((SELECT MAX(sequence) FROM audit_checkpoint), 0)"

# Table, event and condition of each trigger. `REPLACE` of SQLite deletes without the delete
# triggers, so what is inserted must not be there yet.
_SQLITE = {
    "audit_entry_kept": ("audit_entry", "UPDATE", "1"),
    "audit_entry_stays": ("audit_entry", "DELETE", f"OLD.sequence > {_LIMIT}"),
    "audit_entry_once": (
        *("audit_entry", "INSERT"),
        "EXISTS (SELECT 1 FROM audit_entry WHERE sequence = NEW.sequence)",
    ),
    "audit_checkpoint_kept": ("audit_checkpoint", "UPDATE", "1"),
    "audit_checkpoint_stays": ("audit_checkpoint", "DELETE", "1"),
    "audit_checkpoint_once": (
        *("audit_checkpoint", "INSERT"),
        "EXISTS (SELECT 1 FROM audit_checkpoint WHERE sequence = NEW.sequence)",
    ),
    "audit_end_grows": ("audit_end", "UPDATE", "NEW.sequence < OLD.sequence OR NEW.id <> OLD.id"),
    "audit_end_stays": ("audit_end", "DELETE", "1"),
    "audit_end_once": (
        *("audit_end", "INSERT"),
        "EXISTS (SELECT 1 FROM audit_end WHERE id = NEW.id)",
    ),
}

_REFUSE = f"""
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '{_SAYS}: % of % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
# The checkpoint is named with its schema, or a temporary table of the same name would go before.
_PRUNED_ONLY = f"""
CREATE OR REPLACE FUNCTION audit_pruned_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE pruned bigint;
BEGIN
  EXECUTE format('SELECT COALESCE(MAX(sequence), 0) FROM %I.audit_checkpoint', TG_TABLE_SCHEMA)
    INTO pruned;
  IF EXISTS (SELECT 1 FROM gone WHERE sequence > pruned) THEN
    RAISE EXCEPTION '{_SAYS}: DELETE of entries behind the checkpoint is refused'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$
"""  # noqa: S608 - nothing in it comes from outside
_EACH_REFUSED = "FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
_ALL_REFUSED = "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
_POSTGRESQL = {
    "audit_entry_kept": ("audit_entry", "BEFORE UPDATE", _EACH_REFUSED),
    "audit_entry_stays": (
        *("audit_entry", "AFTER DELETE"),
        "REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION audit_pruned_only()",
    ),
    "audit_entry_whole": ("audit_entry", "BEFORE TRUNCATE", _ALL_REFUSED),
    "audit_checkpoint_kept": ("audit_checkpoint", "BEFORE UPDATE OR DELETE", _EACH_REFUSED),
    "audit_checkpoint_whole": ("audit_checkpoint", "BEFORE TRUNCATE", _ALL_REFUSED),
    "audit_end_grows": (
        *("audit_end", "BEFORE UPDATE"),
        "FOR EACH ROW WHEN (NEW.sequence < OLD.sequence OR NEW.id <> OLD.id)"
        " EXECUTE FUNCTION audit_refuse()",
    ),
    "audit_end_stays": ("audit_end", "BEFORE DELETE", _EACH_REFUSED),
    "audit_end_whole": ("audit_end", "BEFORE TRUNCATE", _ALL_REFUSED),
}


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the guards on; those that are there already are made anew."""
    remove(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name, (table, event, condition) in _SQLITE.items():
                cursor.execute(
                    f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition} "
                    f"BEGIN SELECT RAISE(ABORT, '{_SAYS}: {event} of {table} is refused'); END"
                )
            return
        cursor.execute(_REFUSE)
        cursor.execute(_PRUNED_ONLY)
        for name, (table, event, rest) in _POSTGRESQL.items():
            cursor.execute(f"CREATE TRIGGER {name} {event} ON {table} {rest}")


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the guards off, for the tests, which empty every table, and for a migration back."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in _SQLITE:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            return
        for name, (table, _event, _rest) in _POSTGRESQL.items():
            cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        cursor.execute("DROP FUNCTION IF EXISTS audit_refuse()")
        cursor.execute("DROP FUNCTION IF EXISTS audit_pruned_only()")


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of the guards that are not on."""
    is_sqlite = connection.vendor == "sqlite"
    asked = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if is_sqlite
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        there = {row[0] for row in cursor.fetchall()}
    return sorted(set(_SQLITE if is_sqlite else _POSTGRESQL) - there)
