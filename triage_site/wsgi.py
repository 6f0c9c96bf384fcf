"""The site for a WSGI server such as gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "triage_site.settings")
os.environ.setdefault("TRIAGE_SERVER", "1")  # a server is production unless `make run` says no

application = get_wsgi_application()

from apps.answers.webhook import send_regularly  # noqa: E402 - only once the applications are ready
from apps.lookups.retention import prune_daily  # noqa: E402 - the same

prune_daily()
send_regularly()
