"""Health checks for load balancers and orchestrators, and metrics for Prometheus."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from hmac import compare_digest

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, Error, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps import metrics
from apps.audit.trail import client_address, parse_address
from apps.jobs.engine import describe_workers, queue_state
from apps.lookups import cache
from apps.lookups.sentry_connection import limiter_state, recent_state


@login_not_required
@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """Report that the process responds."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """Report the states of all parts. Only a missing database makes it 503, not a lost Sentry."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        database, work = "ok", _work_state()
    except DatabaseError:
        database, work = "failed", {}
    states = {"database": database, "cache": cache_state(), "sentry": recent_state()}
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


def cache_state() -> str:
    cache.put("health/probe", "1", 10)
    stored = cache.get("health/probe") == "1"
    return "ok" if stored and cache.is_available() else "failed"


def metrics_page(request: HttpRequest) -> HttpResponse:
    """Return the metrics, or 404 unless a token or a network that can read them is set."""
    if not metrics.is_on():
        raise Http404
    if not _may_read_metrics(request):
        headers = {"WWW-Authenticate": 'Bearer realm="metrics"'}
        return HttpResponse("Metrics need the token.\n", "text/plain", 401, headers=headers)
    try:
        content, kind = metrics.expose(request.headers.get("Accept", ""), _gauges())
    except Error:
        return HttpResponse("The database can’t be used.\n", "text/plain", 503)
    return HttpResponse(content, kind)


def _may_read_metrics(request: HttpRequest) -> bool:
    """Return whether the token and the address are right, where the settings require them."""
    token, networks = settings.TRIAGE_METRICS_TOKEN, settings.TRIAGE_METRICS_NETWORKS
    sent = request.headers.get("Authorization", "").encode()
    address = parse_address(client_address(request))
    is_near = address is not None and any(address in network for network in networks)
    return (not token or compare_digest(sent, f"Bearer {token}".encode())) and (
        not networks or is_near
    )


def _gauges() -> Iterator[metrics.Gauge]:
    """Yield states that all processes have in common. Raise `DatabaseError`."""
    queue, limiter = queue_state(), limiter_state()
    jobs = {"due": queue.due, "waiting": queue.waiting, "running": queue.running}
    yield metrics.Gauge(
        "jobs",
        "Jobs by state. Due jobs also count as waiting.",
        {**jobs, "failed": queue.failed},
        "state",
    )
    yield metrics.Gauge(
        "jobs_oldest_due_seconds",
        "How long the oldest due job has been due.",
        {"": _age_s(queue.oldest_due)},
    )
    yield metrics.Gauge("workers", "Workers that are alive.", {"": queue.workers})
    yield metrics.Gauge(
        "worker_last_seen_seconds",
        "Time since any worker's last heartbeat. Absent if there was none.",
        {"": _age_s(queue.last_seen)} if queue.last_seen else {},
    )
    yield metrics.Gauge(
        "cache_up", "Whether the shared cache can be used.", {"": cache.is_available()}
    )
    if limiter is not None:
        yield metrics.Gauge(
            "sentry_circuit_open", "Whether calls are paused after failures.", {"": limiter.is_open}
        )
        yield metrics.Gauge(
            "sentry_slots_in_use", "Calls to Sentry under way.", limiter.slots_in_use, "kind"
        )


def _age_s(then: datetime | None) -> float:
    return max(0.0, (timezone.now() - then).total_seconds()) if then else 0.0


_RESPONSES = metrics.Counter(
    "http_responses",
    "Responses by class of status, without health checks and metrics. 500 is an error in "
    "Triage; other 5xx are pages that say what failed, such as Sentry.",
    status=("2xx", "3xx", "4xx", "500", "5xx"),
)
_PROBES = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics_page}


class HealthMiddleware:
    """Answers health checks whatever the host: a probe may know only the IP address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = _PROBES.get(request.path_info) if request.method in ("GET", "HEAD") else None
        if probe is not None:
            return probe(request)
        response = self.get_response(request)
        status = response.status_code
        _RESPONSES.add("500" if status == 500 else f"{status // 100}xx")
        return response
