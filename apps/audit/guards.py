"""Rules inside the database that keep the trail append-only, whoever speaks to it.

They stop a slip and a program that was broken into. Whoever owns the tables can take them off; what
is done then, the chain tells (`verify_audit`).
"""

from django.db.backends.base.base import BaseDatabaseWrapper

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
