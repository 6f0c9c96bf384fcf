"""The migrations encrypt what older versions stored as plain text, without a trace."""

import json
import sqlite3
import zlib
from pathlib import Path
from uuid import uuid4

from pydantic import TypeAdapter

from apps.crypto import seal_as
from apps.events.answer import Answer
from apps.exports import render
from apps.lookups.models import Lookup
from apps.lookups.store import from_snapshot
from tests.exports.answers import detailed
from tests.shell import Shell

FIELDS = {
    "origin": "web",
    "system_user": "",
    "customer": "planted-customer@example.org",
    "customer_hash": "c" * 64,
    "moment": "2026-11-20 14:05:00",
    "minutes": 5,
    "zone": "UTC",
    "projects": "[]",
    "environments": "[]",
    "fresh": 0,
    "redacted": 1,
    "outcome": "found",
    "problem": "",
    "problem_detail": "",
    "calls": 1,
    "beside": "{}",
    "from_cache": 0,
    "marker": "m",
}
READ = """
import json
from apps.lookups.models import Lookup
from apps.crypto import hash_customer
from apps.crypto import unseal_as
print("READ", json.dumps([
    [one.customer, unseal_as(one.audit_target, bytes(one.snapshot)).decode(), str(one.expires_at),
     {one.customer_hash, one.typed.customer_hash} == {hash_customer(one.customer)}]
    for one in Lookup.objects.order_by("pk")
]))
"""


def plant(file: Path, count: int) -> None:
    """Insert lookups as an older version stored them."""
    connection = sqlite3.connect(file)
    for number in range(count):
        row = {
            **FIELDS,
            "uuid": f"{number:032x}",
            "created_at": "2126-11-20 14:05:00",
            "cache_key": f"answer/{number}",
            "snapshot": zlib.compress(b"planted-answer", level=number % 10),
        }
        names, signs = ", ".join(row), ", ".join("?" * len(row))
        statement = f"INSERT INTO lookups_lookup ({names}) VALUES ({signs})"  # noqa: S608 - ours
        connection.execute(statement, [*row.values()])
    connection.commit()
    connection.close()


def test_older_records_are_encrypted_without_a_readable_trace(shell: Shell, tmp_path: Path) -> None:
    assert shell.run("migrate", "-v", "0", "lookups", "0005").returncode == 0
    file = tmp_path / "triage.sqlite3"
    plant(file, 1001)
    assert b"planted-customer" in file.read_bytes()
    key = {"TRIAGE_HASH_KEY": "set-while-upgrading-" * 2}
    done = shell.run("migrate", "-v", "0", **key)
    assert done.returncode == 0, done.stderr
    left = b"".join(one.read_bytes() for one in tmp_path.glob("triage.sqlite3*"))
    assert b"planted" not in left
    output = shell.run("shell", "-v", "0", "-c", READ, **key).stdout
    rows = json.loads(output.partition("READ ")[2])
    assert len(rows) == 1001
    assert {tuple(row[:2]) for row in rows} == {("planted-customer@example.org", "planted-answer")}
    assert {row[2][:10] for row in rows} == {"2126-12-20"}
    assert all(is_found for *_rest, is_found in rows)


NEWER = frozenset(("lists", "unread", "received_at", "mechanism"))


def without_newer(value: object) -> object:
    """Return the stored JSON as versions wrote it that did not know these fields."""
    if isinstance(value, dict):
        return {name: without_newer(inner) for name, inner in value.items() if name not in NEWER}
    return [without_newer(inner) for inner in value] if isinstance(value, list) else value


def test_older_result_opens_without_newer_fields() -> None:
    lookup = Lookup(uuid=uuid4())
    content = json.loads(TypeAdapter(Answer).dump_json(detailed()))
    older = json.dumps(without_newer(content)).encode()
    assert b"received_at" not in older
    lookup.snapshot = seal_as(lookup.audit_target, older)
    answer = from_snapshot(lookup)
    assert answer is not None
    text = render(answer, format="markdown", marker="k7Qm2xT9vLpW").text
    assert "nightly-import" in text
    assert "after its time" not in text
