"""Rename the prompt for a reply, unlike the page that drafts one, unless someone has already."""

from typing import Any

from django.db import migrations


def rename(apps: Any, _editor: Any = None) -> None:
    """Rename the prompt if it has its first label."""
    prompts = apps.get_model("lookups", "ExportPreset").objects
    prompts.filter(name="reply", label="Reply to the customer").update(label="Write a reply")


class Migration(migrations.Migration):
    dependencies = [("lookups", "0013_built_in_wording")]

    operations = [migrations.RunPython(rename, migrations.RunPython.noop)]
