"""Filling a database with very many lookups by SQL, the same on SQLite and PostgreSQL.

Ever the same mixture: fifty people, a hundred thousand customers, twenty projects, two thousand
issues; the newest lookup was asked just now.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import Group, User
from django.db import connection

from apps.accounts.models import Team
from apps.crypto import hash_customer

PEOPLE = 50
CUSTOMER = "jane@example.com"


@dataclass(frozen=True, slots=True)
class _Dialect:
    """What the two databases say differently, as patterns."""

    series: str
    uuid: str
    hash: str
    time: str
    now: str
    snapshot: str
    sealed: str


_SQLITE = _Dialect(
    series=(
        "WITH RECURSIVE rows(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM rows WHERE n < {count})"
    ),
    uuid="lower(hex(randomblob(16)))",
    hash="printf('%064x', {})",
    time="strftime('%Y-%m-%d %H:%M:%f', {}, 'unixepoch')",
    now="CAST(strftime('%s', 'now') AS INTEGER)",
    snapshot="randomblob(400)",
    sealed="randomblob(120)",
)
_POSTGRES = _Dialect(
    series="WITH rows(n) AS (SELECT generate_series(1, {count}::bigint))",
    uuid="gen_random_uuid()",
    hash="lpad(to_hex({}), 64, '0')",
    time="to_timestamp({})",
    now="floor(extract(epoch FROM now()))::bigint",
    snapshot="decode(repeat(md5(n::text), 12), 'hex')",
    sealed="decode(repeat(md5(id::text), 8), 'hex')",
)

_LOOKUPS = """
INSERT INTO lookups_lookup (id, uuid, user_id, origin, system_user, created_at,
  customer_hash, moment, minutes, zone, projects, environments, fresh, redacted, outcome, problem,
  problem_detail, answered_at, fetched_at, events, issues, bodies, calls, calls_saved, beside,
  duration_ms, from_cache, cache_key, cached_until, marker, snapshot, has_answer,
  expires_at, purged_at)
{series},
mixed AS (SELECT n, (n * 2654435761) % 4294967296 / 7 AS r,
  {now} - ({count} - n) * {days} * 86400 / {count} AS at FROM rows),
numbered AS (SELECT n, r, at, r % 100 AS o, (r / 100) % 1000 AS s, (r / 77) % 10 < 4 AS shared,
  CASE WHEN r % 100 < 60 THEN 86400 ELSE 300 END AS fresh_s FROM mixed)
SELECT {first} + n, {uuid},
  CASE WHEN s < 10 THEN NULL ELSE {person} + (r / 13) % {people} END,
  CASE WHEN s < 10 THEN 'cli' WHEN s < 150 THEN 'api' ELSE 'web' END,
  CASE WHEN s < 10 THEN 'root' ELSE '' END,
  {asked}, {hash}, {moment}, 5, 'UTC', '[]', '[]', 1 = 0,
  s <> 500,
  CASE WHEN o < 60 THEN 'found' WHEN o < 85 THEN 'nothing' WHEN o < 92 THEN 'incomplete'
    WHEN o < 98 THEN 'failed' WHEN o < 99 THEN 'cancelled' ELSE 'pending' END,
  CASE WHEN o BETWEEN 92 AND 97 THEN 'too_slow' ELSE '' END, '',
  CASE WHEN o < 99 THEN {asked} END, CASE WHEN o < 92 THEN {asked} END,
  CASE WHEN o < 60 THEN r % 40 + 1 WHEN o < 92 THEN 0 END,
  CASE WHEN o < 60 THEN r % 3 + 1 WHEN o < 92 THEN 0 END, 0,
  CASE WHEN shared THEN 0 ELSE 3 + r % 9 END, CASE WHEN shared AND o < 92 THEN 3 + r % 9 ELSE 0 END,
  '{{}}', CASE WHEN shared THEN 20 ELSE 200 + r % 4000 END, shared, 'answer/' || n,
  CASE WHEN o < 92 AND s > 20 THEN {cached} END, '0123456789abcdef',
  CASE WHEN o < 92 AND s > 20 AND at > {now} - 30 * 86400 THEN {snapshot} END,
  o < 92 AND s > 20 AND s <> 500, {expires},
  CASE WHEN s BETWEEN 11 AND 20 THEN {asked} END
FROM numbered
"""
_CUSTOMERS = """
INSERT INTO lookups_typedcustomer (lookup_id, customer_hash, sealed)
SELECT id, customer_hash, {sealed} FROM lookups_lookup WHERE id > {first} AND expires_at > {soon}
"""
_PROJECTS = """
INSERT INTO lookups_lookupproject (lookup_id, project, asked_at)
SELECT id, 'project-' || ((id * id) % 20), created_at FROM lookups_lookup
WHERE id > {first} AND outcome = 'found'
"""
_ISSUES = """
INSERT INTO lookups_lookupissue
  (lookup_id, issue_id, project, sealed_title, events, asked_at, customer_hash)
SELECT id, '' || ((id * id) % {issues}), 'project-' || ((id * id) % 20),
  {sealed}, events, created_at,
  customer_hash
FROM lookups_lookup WHERE id > {first} AND outcome = 'found'
"""


def fill(count: int, days: int) -> None:
    """Add so many lookups, evenly over so many days up to now; 40 of them are of one customer."""
    speech = _POSTGRES if connection.vendor == "postgresql" else _SQLITE
    first = _highest_id()
    known = {
        "count": count,
        "days": days,
        "first": first,
        "person": _people()[0],
        "people": PEOPLE,
        "series": speech.series.format(count=count),
        "uuid": speech.uuid,
        "hash": speech.hash.format("(r / 3) % 100000"),
        "now": speech.now,
        "snapshot": speech.snapshot,
        "asked": speech.time.format("at"),
        "moment": speech.time.format("at - 3600"),
        "cached": speech.time.format("at + fresh_s"),
        "expires": speech.time.format("at + 30 * 86400"),
    }
    if connection.vendor == "sqlite":
        _run("PRAGMA cache_size = -500000")  # else the indexes are read and written over and over
    _run(_LOOKUPS.format(**known))
    _run(_CUSTOMERS.format(first=first, sealed=speech.sealed, soon=speech.time.format(speech.now)))
    _run(_PROJECTS.format(first=first))
    for issues in (2000, 30):  # one that few have, and one that many have
        _run(_ISSUES.format(first=first, issues=issues, sealed=speech.sealed) + _OTHERS)
    _run(
        "UPDATE lookups_lookup SET customer_hash = %s WHERE id > %s AND id %% %s = 0",
        [hash_customer(CUSTOMER), first, max(count // 40, 1)],
    )
    _settle()


_OTHERS = " AND true ON CONFLICT DO NOTHING"


def _highest_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM lookups_lookup")
        return int(cursor.fetchone()[0])


def _people() -> Sequence[int]:
    """The numbers of fifty people in a row, made if need be; ten of them are a team."""
    names = [f"bench-{uuid.uuid4().hex[:4]}-{number}" for number in range(PEOPLE)]
    people = User.objects.bulk_create([User(username=name, password="!") for name in names])
    group, _made = Group.objects.get_or_create(name="bench team")
    Team.objects.get_or_create(group=group, defaults={"all_projects": True})
    group.user_set.add(*people[:10])
    return [person.pk for person in people]


def _run(sql: str, values: Sequence[str | int] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def _settle() -> None:
    """Let the databases do what they do by themselves after a while."""
    if connection.vendor == "postgresql":
        _run("SELECT setval('lookups_lookup_id_seq', (SELECT max(id) FROM lookups_lookup))")
        connection.commit()
        _run("VACUUM ANALYZE")
