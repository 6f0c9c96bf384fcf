"""The WSGI application."""

import gc
import os
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "triage_site.settings")
os.environ.setdefault("TRIAGE_SERVER", "1")  # `make run` sets it to ""

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def _below_path(site: Application, prefix: str) -> Application:
    """Serve the site below its path, whether a proxy removes that from addresses or not."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == prefix or path.startswith(f"{prefix}/"):
            environ["PATH_INFO"] = path.removeprefix(prefix) or "/"
        return site(environ, start_response)

    return serve


application: Application = get_wsgi_application()
if settings.FORCE_SCRIPT_NAME:
    os.environ.pop("SCRIPT_NAME", None)  # gunicorn would refuse addresses without it
    application = _below_path(application, settings.FORCE_SCRIPT_NAME)

import apps.jobs.doorbell  # noqa: E402, F401 - the first request that needs it would wait

# What is loaded stays, so looking for garbage in it would only delay lookups.
gc.collect()
gc.freeze()
