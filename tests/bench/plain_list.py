"""What the review is compared to: Django's own list over the same rows, as one writes it first."""

from django.contrib import admin
from django.db import connection, models

from apps.crypto import hash_customer
from tests.bench.filling import CUSTOMER


class PlainLookup(models.Model):
    """The same rows in a table with the indexes that Django makes by itself for a key."""

    user = models.ForeignKey("auth.User", models.DO_NOTHING, null=True, db_index=False)
    origin = models.CharField(max_length=3)
    created_at = models.DateTimeField()
    customer = models.CharField(max_length=2000)
    outcome = models.CharField(max_length=10)
    redacted = models.BooleanField()
    duration_ms = models.IntegerField(null=True)
    purged_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "lookups"
        db_table = "bench_plain"
        managed = False
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"Lookup {self.pk}"


class PlainAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """A list with filters and a search."""

    list_display = ("created_at", "user", "customer", "outcome", "duration_ms", "purged_at")
    list_filter = ("outcome", "origin", "redacted", "user")
    search_fields = ("customer",)
    list_select_related = ("user",)
    list_per_page = 50


def copy_rows() -> None:
    """Make the table, with a key and an index on the time alone."""
    columns = "id, user_id, origin, created_at, customer, outcome, redacted, duration_ms, purged_at"
    key = "bigint" if connection.vendor == "postgresql" else "integer"
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE bench_plain (id {key} PRIMARY KEY, user_id bigint, origin varchar(3),"
            " created_at timestamp with time zone, customer varchar(2000), outcome varchar(10),"
            " redacted boolean, duration_ms integer, purged_at timestamp with time zone)"
            if connection.vendor == "postgresql"
            else f"CREATE TABLE bench_plain (id {key} PRIMARY KEY, user_id bigint,"
            " origin varchar(3), created_at datetime, customer varchar(2000),"
            " outcome varchar(10), redacted bool, duration_ms integer, purged_at datetime)"
        )
        # Nobody's name stands in the open any more, but for the one who is searched for.
        named = columns.replace(
            "customer", "CASE customer_hash WHEN %s THEN %s ELSE customer_hash END"
        )
        copied = f"INSERT INTO bench_plain ({columns}) SELECT {named} FROM lookups_lookup"  # noqa: S608 - no value from outside
        cursor.execute(copied, [hash_customer(CUSTOMER), CUSTOMER])
        cursor.execute("CREATE INDEX bench_plain_time ON bench_plain (created_at)")
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE bench_plain")
