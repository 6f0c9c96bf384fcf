"""The typed customer stands sealed in a table of its own now; nothing of the column is left."""

from typing import Any

from django.db import migrations


def leave_no_trace(_apps: Any, schema_editor: Any) -> None:
    """SQLite leaves what was dropped in the file until it is written anew."""
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("VACUUM")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("lookups", "0008_seal_what_is_kept")]

    operations = [
        migrations.RemoveField(model_name="lookup", name="customer"),
        migrations.RunPython(leave_no_trace, migrations.RunPython.noop),
    ]
