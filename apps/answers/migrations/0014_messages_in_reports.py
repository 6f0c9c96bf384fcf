"""Add messages and session replays to the built-in bug report, unless someone has changed it."""

from importlib import import_module
from typing import Any

from django.db import migrations

_wording = import_module("apps.answers.migrations.0013_built_in_wording")
BUILT_IN: tuple[dict[str, str], ...] = _wording.BUILT_IN
_NEXT = "## Steps before"


def edited(body: str) -> str:
    """Return the body of a built-in template with a section before the steps."""
    text: str = _wording.edited(body)
    return text.replace(_NEXT, f"## Messages and session replays\n{{messages}}\n\n{_NEXT}")


def add_messages(apps: Any, _editor: Any = None) -> None:
    """Replace the bodies that are exactly as they were last written."""
    templates = apps.get_model("answers", "DraftTemplate").objects
    for row in BUILT_IN:
        before = _wording.edited(row["body"])
        templates.filter(name=row["name"], body=before).update(body=edited(row["body"]))


class Migration(migrations.Migration):
    dependencies = [("answers", "0013_built_in_wording")]

    operations = [migrations.RunPython(add_messages, migrations.RunPython.noop)]
