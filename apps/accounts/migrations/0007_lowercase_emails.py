"""Write email addresses in lowercase, which is how people are found by them."""

from django.conf import settings
from django.db import migrations
from django.db.models.functions import Lower


def lower(apps, schema_editor):  # type: ignore[no-untyped-def]
    """Change the addresses that contain capitals."""
    apps.get_model("auth", "User").objects.update(email=Lower("email"))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_wording"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunPython(lower, migrations.RunPython.noop)]
