"""Call lookups without errors what they are: logs and requests may still show a failure."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lookups", "0018_assistants")]

    operations = [
        migrations.AlterField(
            model_name="lookup",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("pending", "not run yet"),
                    ("found", "found"),
                    ("nothing", "no error events (confirmed)"),
                    ("incomplete", "incomplete"),
                    ("failed", "failed"),
                    ("cancelled", "stopped"),
                ],
                default="pending",
                max_length=10,
            ),
        ),
    ]
