"""The templates that a new site has. They are written once; leads change them then."""

from typing import Any

from django.db import migrations

BUILT_IN: tuple[dict[str, str], ...] = (
    {
        "kind": "reply",
        "name": "reply",
        "label": "Reply to the customer",
        "subject": "Your message about {moment}",
        "body": """{greeting}

Thank you for writing to us. We looked at what our systems noted for you around {moment}.

{happened} {how_often} {unsure}

{sorry}

{known_reply}

{fix}

{workaround}

{next}

Kind regards

{agent}""",
    },
    {
        "kind": "reply",
        "name": "short-reply",
        "label": "Short reply for a chat",
        "subject": "Your message about {moment}",
        "body": """{greeting} {happened} {unsure} {sorry}

{known_reply}

{fix} {workaround}

{next}""",
    },
    {
        "kind": "escalation",
        "name": "bug-report",
        "label": "Bug report",
        "subject": "{title}",
        "body": """{summary}

## Facts
- Reported for: {moment}
- Release: {releases}
- Environment: {environments}
- Customer: named in the lookup, {lookup}
- {completeness}
{notices}

## Impact
{impact}

## Known already
{known}

## Problems
{problems}

## Steps before the errors, in seconds from the reported moment
{steps}

{hidden}

{agent}""",
    },
    {
        "kind": "escalation",
        "name": "short-note",
        "label": "Short note for a chat",
        "subject": "{title}",
        "body": """{summary} {completeness}

{impact}

Known already:
{known}

Release {releases}, environment {environments}

Everything: {lookup}""",
    },
)


def add_built_in(apps: Any, _editor: Any = None) -> None:
    """Write those that are not there yet."""
    templates = apps.get_model("answers", "DraftTemplate").objects
    for position, row in enumerate(BUILT_IN, 1):
        templates.get_or_create(name=row["name"], defaults={**row, "position": position * 10})


class Migration(migrations.Migration):
    dependencies = [("answers", "0010_drafts")]

    operations = [migrations.RunPython(add_built_in, migrations.RunPython.noop)]
