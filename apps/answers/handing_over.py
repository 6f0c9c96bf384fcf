"""Handing drafts over: kept first, tried at once, and again with growing pauses for about a day.

Who tries moves the time of the next try on in one conditional update, so that no two processes
send the same one at the same time. A try whose process died is made again after that time; the
receiver tells doubles by the id.
"""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.answers import webhook
from apps.answers.models import Handover
from apps.answers.webhook import Outcome, Tried
from apps.audit.models import Action
from apps.crypto import Unreadable
from apps.lookups.acts import record_act
from apps.lookups.asker import Asker
from apps.lookups.models import Lookup

AT_ONCE_S = 3.0
IN_BACKGROUND_S = 10.0
_LEASE = timedelta(seconds=60)
_MINUTES = (1, 5, 15, 30, 60, 120, 240, 360, 480)
_LONGEST_WAIT_S = 6 * 60 * 60
_AT_A_TIME = 100
GONE = "The result it was based on is no longer stored, so it won't be sent."


class AlreadyDone(Exception):
    """It was handed over before: the same form was sent twice."""


def hand_over(lookup: Lookup, kind: str, body: bytes, *, handover: Handover, asker: Asker) -> None:
    """Keep it, record it, and try once. `handover` is not saved yet. Raises `AlreadyDone`."""
    handover.lookup, handover.kind, handover.by = lookup, kind, asker.user
    handover.keep(body)
    with transaction.atomic():
        try:
            with transaction.atomic():
                handover.save(force_insert=True)
        except IntegrityError:
            raise AlreadyDone from None
        record_act(Action.HANDED_OVER, asker.actor, lookup, draft=kind, message=handover.message_id)
    _try(handover, within_s=AT_ONCE_S)


def try_again(handover: Handover, asker: Asker) -> bool:
    """Begin anew with one that failed, and try once; false where that is not possible any more."""
    with transaction.atomic():
        failed = Handover.objects.filter(
            pk=handover.pk, state=Handover.State.FAILED, sealed__isnull=False
        )
        begun = failed.update(
            state=Handover.State.WAITING, attempts=0, next_try=timezone.now(), problem=""
        )
        if begun:
            message = handover.message_id
            record_act(
                Action.HANDED_OVER,
                asker.actor,
                handover.lookup,
                draft=handover.kind,
                message=message,
                change="again",
            )
    if begun:
        _try(handover, within_s=AT_ONCE_S)
    return bool(begun)


def cancel(handover: Handover, asker: Asker) -> bool:
    """Give up one that waits, and remove what it holds; false where it does not wait any more."""
    with transaction.atomic():
        waiting = Handover.objects.filter(pk=handover.pk, state=Handover.State.WAITING)
        ended = waiting.update(state=Handover.State.CANCELLED, next_try=None, sealed=None)
        if ended:
            record_act(
                Action.HANDED_OVER,
                asker.actor,
                handover.lookup,
                draft=handover.kind,
                message=handover.message_id,
                change="cancelled",
            )
    return bool(ended)


def send_due() -> int:
    """Try what is due, each once; returns how many were tried. Nothing is, without a webhook."""
    if not webhook.is_set_up():
        return 0
    due = Handover.objects.filter(state=Handover.State.WAITING, next_try__lte=timezone.now())
    rows = due.order_by("next_try")[:_AT_A_TIME]
    return sum(_try(handover, within_s=IN_BACKGROUND_S) for handover in list(rows))


def _try(handover: Handover, *, within_s: float) -> bool:
    """Send it, if it is due and nobody else does; whether it was tried."""
    now = timezone.now()
    due = Handover.objects.filter(
        pk=handover.pk, state=Handover.State.WAITING, next_try__lte=now, sealed__isnull=False
    )
    handover.refresh_from_db()
    attempts = handover.attempts + 1
    if not due.filter(attempts=attempts - 1).update(next_try=now + _LEASE, attempts=attempts):
        return False
    handover.refresh_from_db()
    _note(handover, attempts, _sent(handover, within_s))
    handover.refresh_from_db()
    return True


def _sent(handover: Handover, within_s: float) -> Tried:
    handover.lookup.refresh_from_db(fields=["purged_at", "expires_at"])
    if handover.lookup.is_removed:
        Handover.objects.filter(pk=handover.pk).update(sealed=None)
        return Tried(Outcome.REFUSED, GONE)
    try:
        body = handover.body()
    except Unreadable:
        return Tried(Outcome.REFUSED, "Its stored text can no longer be read.")
    return webhook.send(handover.message_id, body, within_s=within_s)


def _note(handover: Handover, attempts: int, tried: Tried) -> None:
    """Write down what became of this try, unless a later one has begun meanwhile."""
    own = Handover.objects.filter(pk=handover.pk, attempts=attempts)
    now = timezone.now()
    if tried.outcome is Outcome.SENT:  # also where somebody cancelled it meanwhile: it went out
        own.update(state=Handover.State.SENT, sent_at=now, next_try=None, sealed=None, problem="")
        return
    waiting = own.filter(state=Handover.State.WAITING)
    if tried.outcome is Outcome.REFUSED or attempts > len(_MINUTES):
        waiting.update(state=Handover.State.FAILED, next_try=None, problem=tried.problem)
        return
    pause = max(_MINUTES[attempts - 1] * 60, min(tried.wait_s, _LONGEST_WAIT_S))
    waiting.update(next_try=now + timedelta(seconds=pause), problem=tried.problem)


def drop_bodies(lookup_ids: list[int]) -> None:
    """Remove what is kept of drafts of these lookups; what waits is not sent any more."""
    kept = Handover.objects.filter(lookup_id__in=lookup_ids)
    kept.filter(state=Handover.State.WAITING).update(
        state=Handover.State.FAILED, next_try=None, problem=GONE
    )
    kept.update(sealed=None)
