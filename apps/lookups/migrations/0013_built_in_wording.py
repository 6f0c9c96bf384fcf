"""Edit the English of the built-in prompts, unless someone has changed them."""

from importlib import import_module
from typing import Any

from django.db import migrations

BUILT_IN: tuple[tuple[str, str, str], ...] = import_module(
    "apps.lookups.migrations.0003_export_presets"
).BUILT_IN
EDITED = {
    "explain": (
        "Explain to a support agent, in plain words and in time order, what went wrong for this "
        "customer. Say what is certain and what is a guess. Use only the data below."
    ),
    "reply": (
        "Write a short, friendly reply to the customer in plain words: what went wrong and what "
        "happens next. Promise nothing that the data doesn't support. Use only the data below."
    ),
    "bug": (
        "Write a bug report: title, known steps, expected and actual result, the error and its "
        "location in the code, release, who is affected, and links. Use only the data below."
    ),
    "cause": (
        "Name the most likely cause and its location in the code, the evidence for and against "
        "it, and what to check next. Use only the data below."
    ),
}


def edit_built_in(apps: Any, _editor: Any = None) -> None:
    """Replace the instructions that are exactly as they were first written."""
    prompts = apps.get_model("lookups", "ExportPreset").objects
    for name, _, instruction in BUILT_IN:
        prompts.filter(name=name, instruction=instruction).update(instruction=EDITED[name])


class Migration(migrations.Migration):
    dependencies = [("lookups", "0012_wording")]

    operations = [migrations.RunPython(edit_built_in, migrations.RunPython.noop)]
