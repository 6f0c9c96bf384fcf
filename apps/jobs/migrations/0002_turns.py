from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0001_jobs"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="begun_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="job",
            name="requester",
            field=models.CharField(blank=True, db_default="", max_length=60),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["requester", "begun_at"], name="jobs_in_turn"),
        ),
    ]
