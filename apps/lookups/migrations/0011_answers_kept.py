"""Which of the older lookups had an answer that was kept."""

from typing import Any

from django.db import migrations


def note_answers(apps: Any, schema_editor: Any) -> None:
    """Those that have one still; of what was removed before, the record says so itself."""
    kept = apps.get_model("lookups", "Lookup").objects.filter(snapshot__isnull=False)
    kept.update(has_answer=True)


class Migration(migrations.Migration):
    dependencies = [("lookups", "0010_review")]

    operations = [migrations.RunPython(note_answers, migrations.RunPython.noop)]
