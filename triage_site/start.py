"""`make run`: migrate the database, and run the site, a worker, and the demo if no token is set."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from types import FrameType
from typing import NoReturn

from triage_site import env

DEMO_PORT = 8001
_CHECK_EVERY_S = 1.0
_LONGEST_PAUSE_S = 60.0


def main() -> None:
    """Serve until interrupted."""
    signal.signal(signal.SIGTERM, _interrupt)
    port = env.integer("PORT", 8000, minimum=1, maximum=65535)
    if not _is_free(port):
        env.stop(f"port {port} is in use. Set PORT to another one, for example PORT=8080.")
    demo = not env.text("SENTRY_AUTH_TOKEN")
    os.environ["TRIAGE_SERVER"] = ""
    os.environ["TRIAGE_DEMO"] = "1" if demo else ""
    if demo:
        preferred = env.integer("TRIAGE_DEMO_PORT", DEMO_PORT, minimum=1, maximum=65535)
        demo_port = preferred if port != preferred and _is_free(preferred) else _free_port()
        os.environ["TRIAGE_DEMO_PORT"] = str(demo_port)
        os.environ["TRIAGE_DEMO_STARTED"] = datetime.now(UTC).isoformat(timespec="minutes")
    _manage("migrate", "--verbosity", "0")
    if demo:
        with _demo_sentry(os.environ["TRIAGE_DEMO_PORT"]):
            _manage("demo_data")
            _serve(port, "the demo Sentry, with made-up customers")
    else:
        _offer_first_admin()
        _serve(port, env.text("SENTRY_BASE_URL", "https://sentry.io"))


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _manage(*arguments: str) -> None:
    """Run a management command in a new process. Exit if it fails."""
    command = [sys.executable, str(env.BASE_DIR / "manage.py"), *arguments]
    status = subprocess.run(command, check=False).returncode  # noqa: S603 - our own command
    if status:
        raise SystemExit(status)


@contextmanager
def _demo_sentry(port: str) -> Iterator[None]:
    command = [sys.executable, str(env.BASE_DIR / "manage.py"), "demo_sentry", "--port", port]
    server = subprocess.Popen(command)  # noqa: S603 - our own command
    try:
        yield
    finally:
        server.terminate()
        server.wait()


def _offer_first_admin() -> None:
    """Create the first admin, or explain how, if there is none."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "triage_site.settings")
    django.setup()
    from django.contrib.auth.models import User
    from django.db import connection

    exists = User.objects.filter(is_superuser=True).exists()
    connection.close()
    if exists:
        return
    if sys.stdin.isatty():
        print("There's no admin yet. Let's create the first one.", flush=True)
        _manage("createsuperuser")
    else:
        print(
            "There's no admin yet. To create one, run: .venv/bin/python manage.py createsuperuser",
            flush=True,
        )


def _serve(port: int, source: str) -> None:
    """Run gunicorn: one process, or two with a shared cache."""
    workers = "2" if env.text("REDIS_URL") else "1"
    print(f"\nTriage is running at http://127.0.0.1:{port}. Data comes from {source}\n", flush=True)
    command = [
        *(sys.executable, "-m", "gunicorn", "triage_site.wsgi"),
        *("--bind", f"127.0.0.1:{port}", "--workers", workers, "--threads", "32"),
        *("--timeout", "60", "--log-level", "warning", "--no-control-socket"),
    ]
    server = subprocess.Popen(command, cwd=env.BASE_DIR)  # noqa: S603 - our own command
    worker = _Worker()
    try:
        while server.poll() is None:
            worker.keep_running()
            with suppress(subprocess.TimeoutExpired):
                server.wait(_CHECK_EVERY_S)
    except KeyboardInterrupt:
        server.terminate()
    worker.stop()
    raise SystemExit(max(server.wait(), 0))


class _Worker:
    """The worker process. The site goes on without it, and says what isn't done meanwhile."""

    def __init__(self) -> None:
        self._pause_s = 1.0
        self._start()

    def _start(self) -> None:
        command = [sys.executable, str(env.BASE_DIR / "manage.py"), "run_huey"]
        self._process = subprocess.Popen(command)  # noqa: S603 - our own command
        self._started_at = time.monotonic()
        self._start_at = 0.0

    def keep_running(self) -> None:
        """Start the process again if it died, later each time it dies at once."""
        status, now = self._process.poll(), time.monotonic()
        if status is None:
            return
        if not self._start_at:
            is_early = now - self._started_at < _LONGEST_PAUSE_S
            self._pause_s = min(self._pause_s * 2, _LONGEST_PAUSE_S) if is_early else 1.0
            self._start_at = now + self._pause_s
            print(
                f"The worker stopped (status {status}). The site continues, and starts another one "
                f"in {self._pause_s:.0f} seconds.",
                flush=True,
            )
        elif now >= self._start_at:
            self._start()

    def stop(self) -> None:
        """Stop the process, after the jobs that it is doing."""
        self._process.terminate()
        self._process.wait()


if __name__ == "__main__":
    main()
