"""Settings for tests, independent of the environment, with the demo installed."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

_PREFIXES = (
    "SENTRY_",
    "TRIAGE_",
    "DATABASE_",
    "REDIS_",
    "DEBUG",
    "ALLOWED_HOSTS",
    "TIME_ZONE",
    "LLM_",
    "OIDC_",
    "EMAIL_",
)

for _name in list(os.environ):
    if _name.startswith(_PREFIXES):
        del os.environ[_name]
os.environ["TRIAGE_ENV_FILE"] = os.devnull
# Playwright leaves an event loop running in the thread.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
os.environ["SECRET_KEY"] = "only-for-tests-" * 4

from triage_site.settings import *  # noqa: E402, F403
from triage_site.settings import DATABASES, INSTALLED_APPS  # noqa: E402

# Long enough for a busy machine; tests of slow signals change it.
TRIAGE_SIGNALS_WAIT_MS = 5000
# Otherwise each test client searches the disk for static files.
WHITENOISE_AUTOREFRESH = True
_queue = TemporaryDirectory(prefix="triage-queue-")
TRIAGE_QUEUE_FILE = Path(_queue.name) / "queue.sqlite3"
INSTALLED_APPS = [*INSTALLED_APPS, "apps.demo"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Test data does not have to survive a crash.
options: dict[str, str] = DATABASES["default"]["OPTIONS"]  # type: ignore[assignment]
options["init_command"] += " PRAGMA synchronous=OFF;"
