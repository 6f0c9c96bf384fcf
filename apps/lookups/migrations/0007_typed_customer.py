"""A table of its own for typed customers, and until when a lookup is kept."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lookups", "0006_lookup_share")]

    operations = [
        migrations.CreateModel(
            name="TypedCustomer",
            fields=[
                (
                    "lookup",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="typed",
                        serialize=False,
                        to="lookups.lookup",
                    ),
                ),
                ("customer_hash", models.CharField(db_index=True, max_length=64)),
                ("sealed", models.BinaryField()),
            ],
            options={
                "permissions": (("forget_customer", "Can have customers forgotten"),),
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="lookup",
            name="expires_at",
            field=models.DateTimeField(
                blank=True,
                db_index=True,
                help_text="Until when the answer and the typed customer are kept.",
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="lookup",
            index=models.Index(
                condition=models.Q(("snapshot__isnull", False)),
                fields=["expires_at"],
                name="lookups_kept_until",
            ),
        ),
    ]
