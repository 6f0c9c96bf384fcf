"""The site's settings for tests: free of this machine's environment, the demo installed."""

import os

_OURS = (
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
    if _name.startswith(_OURS):
        del os.environ[_name]
os.environ["TRIAGE_ENV_FILE"] = os.devnull
# Playwright keeps an event loop in the thread of the tests that follow; they use none.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
os.environ["SECRET_KEY"] = "only-for-tests-" * 4

from triage_site.settings import *  # noqa: E402, F403
from triage_site.settings import DATABASES, INSTALLED_APPS  # noqa: E402

# So that a busy machine makes no difference; tests of what is late set it themselves.
TRIAGE_SIGNALS_WAIT_MS = 5000
# Otherwise each test client searches the disk for static files.
WHITENOISE_AUTOREFRESH = True
INSTALLED_APPS = [*INSTALLED_APPS, "apps.demo"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A test's data need not survive a power cut.
options: dict[str, str] = DATABASES["default"]["OPTIONS"]  # type: ignore[assignment]
options["init_command"] += " PRAGMA synchronous=OFF;"
