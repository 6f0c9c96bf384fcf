"""Edit the English of the built-in templates, unless someone has changed them."""

from importlib import import_module
from typing import Any

from django.db import migrations

BUILT_IN: tuple[dict[str, str], ...] = import_module(
    "apps.answers.migrations.0011_built_in_drafts"
).BUILT_IN
EDITS = (
    (
        "Thank you for writing to us. We looked at what our systems noted for you around {moment}.",
        "Thanks for getting in touch. We checked what our systems recorded for you around {moment}.",
    ),
    ("Kind regards\n", "Best regards,\n"),
    ("Known already", "Known errors"),
    ("from the reported moment", "from the reported time"),
    ("Everything: {lookup}", "Full result: {lookup}"),
)


def edited(body: str) -> str:
    """Return the body of a built-in template in its new wording."""
    for before, after in EDITS:
        body = body.replace(before, after)
    return body


def edit_built_in(apps: Any, _editor: Any = None) -> None:
    """Replace the bodies that are exactly as they were first written."""
    templates = apps.get_model("answers", "DraftTemplate").objects
    for row in BUILT_IN:
        templates.filter(name=row["name"], body=row["body"]).update(body=edited(row["body"]))


class Migration(migrations.Migration):
    dependencies = [("answers", "0012_wording")]

    operations = [migrations.RunPython(edit_built_in, migrations.RunPython.noop)]
