"""Where failed attempts are counted: in the shared cache, and in the process while that is lost.

django-allauth asks Django's default cache directly. A Redis that is down would end every sign-in
with an error; one that is asked no more would let passwords be tried without limit. So it gets this
cache instead: while Redis is lost, each process counts for itself.
"""

from typing import Any

from allauth.core.internal import ratelimit
from allauth.mfa.totp.internal import auth as totp
from allauth.socialaccount.internal import jwtkit
from django.conf import settings
from django.core.cache import cache as shared_cache
from django.core.cache.backends.locmem import LocMemCache

from apps.lookups import cache as lookups_cache

_TOTP_SECONDS = 120


class SignInCache:
    """The four calls that django-allauth makes. What is added lives `least_seconds` or longer."""

    def __init__(self, least_seconds: float = 0) -> None:
        self.least_seconds = least_seconds

    def add(self, key: str, value: Any, timeout: float) -> bool:
        """Set it unless it is there; says whether it was set."""
        seconds = max(timeout, self.least_seconds)
        return bool(_try("add", key, value, seconds))

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or the default."""
        return _try("get", key, default)

    def set(self, key: str, value: Any, timeout: float) -> None:
        """Keep the value for so long."""
        _try("set", key, value, timeout)

    def delete(self, key: str) -> None:
        """Forget the value."""
        _try("delete", key)


_own = LocMemCache("sign-in", {"OPTIONS": {"MAX_ENTRIES": 100_000}})


def install() -> None:
    """Hand the cache to the parts of django-allauth that count and that refuse a second use."""
    for module in (ratelimit, jwtkit):
        _put(module, SignInCache())
    _put(totp, SignInCache(_TOTP_SECONDS))  # a code is good for three periods of 30 seconds


def forget_all() -> None:
    """Forget every attempt that this process counted."""
    _own.clear()


def _put(module: Any, cache: SignInCache) -> None:
    assert hasattr(module, "cache"), module  # noqa: S101 - a newer version works differently
    module.cache = cache


def _try(call: str, *arguments: Any) -> Any:
    """Ask Redis where there is one; else, and while it is lost, this process."""
    if not settings.REDIS_URL:
        return _ask(_own, call, arguments)
    return lookups_cache.attempt(
        lambda: _ask(shared_cache, call, arguments), lambda: _ask(_own, call, arguments)
    )


def _ask(cache: Any, call: str, arguments: tuple[Any, ...]) -> Any:
    return getattr(cache, call)(*arguments)
