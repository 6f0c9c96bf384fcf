"""Starting: checks of the database and Redis, and `make run` and `make demo`.

`make run` migrates the database and runs the site, a worker, and, if no token is set, the demo.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from triage_site import env

DEMO_PORT = 8001
DEMO_COMMAND = (str(env.BASE_DIR / "manage.py"), "demo_sentry")
_CHECK_EVERY_S = 1.0
_LONGEST_PAUSE_S = 60.0


# --- what a server needs -----------------------------------------------------------------------


def check_services() -> None:
    """Stop with a sentence unless the database and Redis accept what is configured.

    A Redis that is only unreachable is reported, and used once it is back.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "triage_site.settings")
    check_database()
    _check_redis()


def check_database() -> None:
    """Stop with a sentence if the database can't be opened."""
    from django.db import DatabaseError, connection

    config = connection.settings_dict
    try:
        file = Path(config["NAME"] or "")
        is_usable = not file.exists() or (file.is_file() and os.access(file, os.W_OK))
        if connection.vendor == "sqlite" and not is_usable:
            raise DatabaseError("it isn't a file that can be written")
        connection.ensure_connection()
    except DatabaseError as error:
        found = re.search(r"(?:FATAL:|failed:|error:)\s*((?:(?!failed:).)+)$", str(error), re.M)
        reason = found[1] if found else str(error).strip().partition("\n")[0]
        if connection.vendor == "sqlite":
            name = "DATABASE_URL" if env.text("DATABASE_URL") else "TRIAGE_VAR_DIR"
            env.stop(
                f"the database {config['NAME']} can't be used ({reason}). Make its folder "
                f"writable by the user that runs Triage, or set {name} to another one."
            )
        host = config["HOST"] or config.get("OPTIONS", {}).get("host", "localhost")
        place = host if host.startswith("/") else f"{host}:{config['PORT'] or 5432}"
        env.stop(
            f"the database at {place} refused DATABASE_URL ({reason}). {env.ENCODE}"
            if "FATAL:" in str(error)
            else f"DATABASE_URL: no database answers at {place} ({reason}). Start it, or correct "
            "the address."
        )
    finally:
        connection.close()


def _check_redis() -> None:
    from django.conf import settings

    if not settings.REDIS_URL:
        return
    from redis import Redis, exceptions

    from apps.redis_cache import redis_pool

    waits = {"socket_timeout": 2, "socket_connect_timeout": 2}
    server = Redis(connection_pool=redis_pool(settings.REDIS_URL, **waits))
    address = urlsplit(settings.REDIS_URL)
    place = address.netloc.rpartition("@")[2] or address.path
    try:
        server.ping()
    except exceptions.AuthenticationError:
        env.stop(f"Redis at {place} refused the password in REDIS_URL. {env.ENCODE}")
    except (exceptions.TimeoutError, exceptions.ConnectionError) as error:
        if "SSL" in str(error):
            env.stop(
                f"Redis at {place} can't be reached through TLS. Use redis:// in REDIS_URL if it "
                "has no TLS, or set ssl_ca_certs to a file with its CA certificate."
            )
        through = " through TLS" if address.scheme.startswith("rediss") else ""
        env.warn_once(
            "REDIS_URL",
            f"REDIS_URL: no Redis answers at {place}{through}. Triage starts without it, and uses "
            "it once it is reachable.",
        )
    except exceptions.ResponseError as error:
        reason = "it has no such database" if "index" in str(error) else str(error)[:80]
        env.stop(f"Redis at {place} can't be used with REDIS_URL ({reason}).")
    except (exceptions.RedisError, ValueError):
        env.stop(f"REDIS_URL: something other than Redis answers at {place}.")
    finally:
        server.connection_pool.disconnect()


# --- make run and make demo --------------------------------------------------------------------


def main(*arguments: str) -> None:
    """Serve until interrupted. With `demo`, show the demo even if a token is set."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    port = env.integer("PORT", 8000, maximum=65535)
    if not _free_port(port):
        env.stop(
            f"port {port} is in use, or this user can't use it. Set PORT to another one, for "
            "example PORT=8080."
        )
    here = f"http://127.0.0.1:{port}{env.site_path('SCRIPT_NAME')}"
    demo = "demo" in arguments or not env.text("SENTRY_AUTH_TOKEN")
    os.environ["TRIAGE_SERVER"] = ""
    os.environ["TRIAGE_DEMO"] = "1" if demo else ""
    env.warn_of_removed()
    if demo:
        os.environ["SENTRY_AUTH_TOKEN"] = ""
        preferred = env.integer("TRIAGE_DEMO_PORT", DEMO_PORT, maximum=65535)
        demo_port = port != preferred and _free_port(preferred)
        os.environ["TRIAGE_DEMO_PORT"] = str(demo_port or _free_port(0))
        os.environ["TRIAGE_DEMO_STARTED"] = datetime.now(UTC).isoformat(timespec="minutes")
    check_services()
    _manage("migrate", "--verbosity", "0")
    if demo:
        with _demo_sentry(os.environ["TRIAGE_DEMO_PORT"]):
            _manage("demo_data", "--url", here)
            _serve(port)
    else:
        _offer_first_admin()
        source = env.text("SENTRY_BASE_URL", "https://sentry.io")
        # Behind a proxy: without TLS, browsers can't sign in.
        is_https = env.text("ALLOWED_HOSTS") and env.boolean("TRIAGE_HTTPS", default=True)
        public = env.origins("CSRF_TRUSTED_ORIGINS") if is_https else []
        url = f"{public[0]}{env.site_path('SCRIPT_NAME')}" if public else here
        print(_NEXT.format(here=here, url=url, source=source), flush=True)
        _serve(port)


_NEXT = """
Triage is running at {here} with data from {source}. What to do next:
  1. Check the connection: .venv/bin/python manage.py check_sentry
  2. Sign in at {url}/accounts/login/, and invite people under Manage.
  3. Look up a customer and a time that you know from Sentry.
"""


def _free_port(port: int) -> int:
    """Return the port, any free one for 0, or 0 if it isn't free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
        return int(probe.getsockname()[1])


def _manage(*arguments: str) -> None:
    """Run a management command in a new process. Exit if it fails."""
    command = [sys.executable, str(env.BASE_DIR / "manage.py"), *arguments]
    status = subprocess.run(command, check=False).returncode  # noqa: S603 - our own command
    if status:
        raise SystemExit(status)


@contextmanager
def _demo_sentry(port: str) -> Iterator[None]:
    command = [sys.executable, *DEMO_COMMAND, "--port", port]
    server = subprocess.Popen(command)  # noqa: S603 - our own command
    try:
        yield
    finally:
        server.terminate()
        server.wait()


def _offer_first_admin() -> None:
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
        command = ".venv/bin/python manage.py createsuperuser"
        print(f"There's no admin yet. To create one, run: {command}", flush=True)


def _serve(port: int) -> None:
    """Run gunicorn and a worker."""
    command = [
        *(sys.executable, "-m", "gunicorn", "triage_site.wsgi"),
        *("--bind", f"127.0.0.1:{port}", "--log-level", "warning", "--no-control-socket"),
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
    """The worker process. The site continues without it, and says what isn't done meanwhile."""

    def __init__(self) -> None:
        self._pause_s = 1.0
        self._start()

    def _start(self) -> None:
        command = [sys.executable, str(env.BASE_DIR / "manage.py"), "run_huey"]
        self._process = subprocess.Popen(command)  # noqa: S603 - our own command
        self._started_at = time.monotonic()
        self._start_at = 0.0

    def keep_running(self) -> None:
        """Restart the process if it died, after a longer pause each time it dies right away."""
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
        """Stop the process after the jobs that it is doing."""
        self._process.terminate()
        self._process.wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):  # before the site runs
        main(*sys.argv[1:])
