"""What a running site does by itself: once a day it removes what is past its time."""

import logging
import time
from threading import Event, Thread

from django.db import Error, connections

from apps.audit.trail import Actor
from apps.lookups import shared
from apps.lookups.pruning import prune

_LOOK_EVERY_S = 60 * 60
_DAY_S = 24 * 60 * 60
_BY = Actor("system", name="the site")
_log = logging.getLogger(__name__)


def prune_daily() -> Thread:
    """Begin to prune now and every day, as long as this process lives, without a cron.

    Processes that share a cache take turns; others each do it, which costs a few queries.
    """
    thread = Thread(target=_go_on, name="pruning", daemon=True)
    thread.start()
    return thread


def prune_if_due() -> bool:
    """Prune, unless somebody did so within a day; tells whether it was done."""
    if shared.add("pruned", time.time(), _DAY_S) is False:
        return False
    try:
        problem = prune(_BY).problem
    except Error as error:  # without its words; the next hour tries again
        shared.delete("pruned")
        _log.error("Expired data could not be deleted: %s", type(error).__name__)
        return False
    finally:
        connections.close_all()
    if problem:
        _log.error("The audit trail could not be pruned. %s", problem)
    return True


def _go_on() -> None:
    while True:
        prune_if_due()
        Event().wait(_LOOK_EVERY_S)
