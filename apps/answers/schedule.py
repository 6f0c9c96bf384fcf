"""What a running site does by itself: every half minute it hands over what is due."""

import logging
from threading import Event, Thread

from django.db import connections

from apps.answers.handing_over import send_due
from apps.answers.webhook import is_set_up

_EVERY_S = 30
_log = logging.getLogger(__name__)


def send_regularly() -> Thread | None:
    """Begin to send what is due, as long as this process lives; None without a webhook."""
    if not is_set_up():
        return None
    thread = Thread(target=_go_on, name="handing over", daemon=True)
    thread.start()
    return thread


def send_once() -> int:
    """Send what is due; whatever fails costs a line in the log, and waits for next time."""
    try:
        return send_due()
    except Exception as error:  # noqa: BLE001 - else nothing is sent until the next start
        # Its words can hold an address or a body.
        _log.error("What is due could not be handed over: %s", type(error).__name__)
        return 0
    finally:
        connections.close_all()


def _go_on() -> None:
    while True:
        send_once()
        Event().wait(_EVERY_S)
