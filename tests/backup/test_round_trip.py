"""What was backed up is restored to the last bit, in both databases."""

import pytest
from django.contrib.auth.models import User

from apps.audit.models import Action, Entry
from apps.audit.verification import verify_trail
from apps.backup import LEFT_OUT, restore
from tests.backup.conftest import Places
from tests.backup.sites import (
    ACTOR,
    FIRST,
    add_person,
    all_models,
    all_rows,
    backed_up,
    fill,
    opened,
    site,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("source", ["sqlite", "postgresql"])
@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_every_row_and_column_survives(source: str, target: str, place: Places) -> None:
    with site(place.new(source)):
        fill()
        add_person("deleted").delete()
        content, manifest = backed_up()
        before = all_rows()
    assert {*manifest.tables} == {model._meta.db_table for model in all_models()} - LEFT_OUT
    assert all(rows for table, rows in before.items()), "fill() must reach every table"
    with site(place.new(target)):
        done = restore(opened(content), ACTOR)
        assert (done.broken, done.unreadable) == ("", 0)
        after = all_rows()
        for table, rows in before.items():
            if table == "audit_entry":
                assert after[table][:-1] == rows
            elif table in LEFT_OUT:
                assert after[table] == []
            elif table != "audit_end":
                assert after[table] == rows, table
        assert add_person("new").pk == FIRST + 4, "numbers aren't used twice"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_trail_records_backup_and_restore(kind: str, place: Places) -> None:
    with site(place.new(kind)):
        add_person("ana")
        content, manifest = backed_up()
        assert Entry.objects.latest("sequence").action == Action.BACKED_UP
    with site(place.new(kind)):
        restore(opened(content), ACTOR)
        entry = Entry.objects.latest("sequence")
        assert (entry.action, entry.actor) == (Action.RESTORED, "operator")
        assert entry.detail["made"] == manifest.made_at
        assert verify_trail().end.sequence == 2
        assert User.objects.get().username == "ana"
