"""Models of the audit trail, and the database triggers that keep it append-only."""

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


# Triggers against accidental and malicious changes. The owner of the tables can drop them, but
# `verify_audit` detects changes made after that.

_MESSAGE = "The audit trail only grows"
_LIMIT = "COALESCE((SELECT MAX(sequence) FROM audit_checkpoint), 0)"

# Table, event, and condition of each trigger. SQLite's `REPLACE` doesn't fire delete triggers, so
# inserting an existing key is refused too.
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
  RAISE EXCEPTION '{_MESSAGE}: % of % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
# The schema is explicit because a temporary table of the same name would take precedence.
_PRUNED_ONLY = f"""
CREATE OR REPLACE FUNCTION audit_pruned_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE pruned bigint;
BEGIN
  EXECUTE format('SELECT COALESCE(MAX(sequence), 0) FROM %I.audit_checkpoint', TG_TABLE_SCHEMA)
    INTO pruned;
  IF EXISTS (SELECT 1 FROM gone WHERE sequence > pruned) THEN
    RAISE EXCEPTION '{_MESSAGE}: DELETE of entries behind the checkpoint is refused'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$
"""  # noqa: S608 - contains no outside input
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


def install_triggers(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers, replacing existing ones."""
    remove_triggers(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name, (table, event, condition) in _SQLITE.items():
                cursor.execute(
                    f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition} "
                    f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}: {event} of {table} is refused'); END"
                )
            return
        cursor.execute(_REFUSE)
        cursor.execute(_PRUNED_ONLY)
        for name, (table, event, rest) in _POSTGRESQL.items():
            cursor.execute(f"CREATE TRIGGER {name} {event} ON {table} {rest}")


def remove_triggers(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers: for tests, which empty every table, and for reversing the migration."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in _SQLITE:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            return
        for name, (table, _event, _rest) in _POSTGRESQL.items():
            cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        cursor.execute("DROP FUNCTION IF EXISTS audit_refuse()")
        cursor.execute("DROP FUNCTION IF EXISTS audit_pruned_only()")


def missing_triggers(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of triggers that don't exist or are disabled."""
    is_sqlite = connection.vendor == "sqlite"
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if is_sqlite
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        existing = {row[0] for row in cursor.fetchall()}
    return sorted(set(_SQLITE if is_sqlite else _POSTGRESQL) - existing)
