"""The WSGI application."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "triage_site.settings")
os.environ.setdefault("TRIAGE_SERVER", "1")  # `make run` sets it to ""

application = get_wsgi_application()

import apps.jobs.doorbell  # noqa: E402, F401 - the first request that needs it would wait

# What is loaded stays, so looking for garbage in it would only delay lookups.
gc.collect()
gc.freeze()
