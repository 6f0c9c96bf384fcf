"""Health checks for load balancers and orchestrators."""

from collections.abc import Callable
from dataclasses import asdict

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from apps.jobs.engine import describe_workers, queue_state
from apps.lookups import cache
from apps.lookups.sentry_connection import recent_state


@login_not_required
@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """Report that the process responds."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """Report the states of the database, the cache, Sentry, and background work.

    The status is 503 only without a database, since a Sentry outage has its own page.
    """
    database = _database_state()
    states = {"database": database, "cache": cache_state(), "sentry": recent_state()}
    work = _work_state() if database == "ok" else {}
    return JsonResponse({**states, **work}, status=200 if database == "ok" else 503)


def _work_state() -> dict[str, object]:
    try:
        queue = queue_state()
    except DatabaseError:  # such as before `migrate`
        return {"worker": "unknown"}
    return {
        "worker": "ok" if queue.workers else "missing",
        **({} if queue.workers else {"notice": describe_workers(queue)}),
        "queue": asdict(queue),
    }


def _database_state() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "failed"
    return "ok"


def cache_state() -> str:
    cache.put("health/probe", "1", 10)
    stored = cache.get("health/probe") == "1"
    return "ok" if stored and cache.is_available() else "failed"


_PROBES = {"/healthz": healthz, "/readyz": readyz}


class HealthMiddleware:
    """Answers health checks whatever the host: a probe may know only the IP address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = _PROBES.get(request.path_info) if request.method in ("GET", "HEAD") else None
        return (probe or self.get_response)(request)
