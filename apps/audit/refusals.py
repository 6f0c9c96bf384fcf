"""Writing down who was refused what, without letting anybody fill the trail with it."""

import time
from collections import Counter
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

from apps.audit.models import Action
from apps.audit.trail import Actor, Fact, record

# So many refusals a minute are written one by one; of further ones the tenth, the hundredth, ...
FREE_OF_PERSON = 30
FREE_OF_ANONYMOUS = 1
_MOST_CALLERS = 1000

_lock = Lock()
_counts: Counter[str] = Counter()
_minute = 0


def record_refusal(actor: Actor, *, target: str = "", why: str) -> None:
    """One was refused. `why` is a few words of our own, such as `no permission`.

    Who is not signed in is counted by address and minute in each process: a scanner leaves a
    handful of entries that say how often, not one for each try.
    """
    times = _times(_key(actor))
    free = FREE_OF_PERSON if _is_known(actor) else FREE_OF_ANONYMOUS
    if times <= free or _is_power_of_ten(times):
        detail: dict[str, Fact] = {"why": why}
        if times > free:
            detail["times_this_minute"] = times
        record(Action.REFUSED, actor, target=target, detail=detail)


def _is_known(actor: Actor) -> bool:
    return actor.user_id is not None


def _key(actor: Actor) -> str:
    if _is_known(actor):
        return f"person {actor.user_id}"
    if not actor.address:
        return ""
    address = ip_address(actor.address)
    if isinstance(address, IPv6Address):  # one caller has as many addresses as they like
        return str(ip_network((address, 64), strict=False))
    return str(address)


def _times(key: str) -> int:
    global _minute  # noqa: PLW0603 - one count for the process
    now = int(time.time() // 60)
    with _lock:
        if now != _minute:
            _counts.clear()
            _minute = now
        if key not in _counts and len(_counts) >= _MOST_CALLERS:
            key = "all the others"
        _counts[key] += 1
        return _counts[key]


def _is_power_of_ten(number: int) -> bool:
    return number >= 10 and set(str(number)[1:]) == {"0"} and str(number)[0] == "1"
