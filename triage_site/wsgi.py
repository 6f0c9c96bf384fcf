"""The WSGI application, with the background jobs of a server process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "triage_site.settings")
os.environ.setdefault("TRIAGE_SERVER", "1")  # `make run` sets it to ""

application = get_wsgi_application()

from apps.answers.webhook import start_sender  # noqa: E402 - needs the applications
from apps.lookups.retention import prune_daily  # noqa: E402

prune_daily()
start_sender()
