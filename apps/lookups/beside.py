"""Reading what could not be read in time beside an answer, when somebody asks for it."""

from apps.events.redaction import with_later
from apps.lookups import shared, store
from apps.lookups.asked import question_of
from apps.lookups.connection import sentry_client, visible_projects
from apps.lookups.models import Lookup
from apps.lookups.problems import LookupFailed, problem_of
from apps.lookups.recording import told_beside
from apps.lookups.services import answer_lookup
from apps.sentry import SentryError, fetch_beside

PAUSE_S = 15.0


def read_beside(lookup: Lookup) -> None:
    """Ask again for the signals that were not read, redact them, and keep them with the answer.

    One asks for all: who comes within 15 seconds after another finds what that one read. Raises
    `LookupFailed` when not even the projects could be listed, and `LookupPurged`.
    """
    answer = answer_lookup(lookup).answer
    signals = tuple(dict.fromkeys(one.signal for one in answer.beside.unread if one.can_retry))
    if not signals or shared.add(f"{lookup.cache_key}/beside", 1, PAUSE_S) is False:
        return
    question = question_of(lookup)
    try:
        with sentry_client() as client:
            projects = visible_projects(client)
            later = fetch_beside(client, question, signals, answer.events, projects=projects)
    except SentryError as error:
        raise LookupFailed(problem_of(error)) from error
    whole = with_later(answer, later, customer=question.customer.identifier)
    kept = Lookup.objects.filter(pk=lookup.pk, purged_at=None, snapshot__isnull=False)
    if kept.update(snapshot=store.to_snapshot(lookup, whole), beside=told_beside(whole.beside)):
        store.put_beside(lookup.cache_key, whole)
        if not kept.exists():  # somebody removed the answer meanwhile
            store.drop(lookup.cache_key, whole)
