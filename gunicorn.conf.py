"""gunicorn's processes, request limits, and logging, read from the folder it is started in.

Options on its command line take precedence. The access log is off without `--access-logfile`.
"""

import os

from triage_site import env
from triage_site.logging import ACCESS_FORMAT
from triage_site.start import check_services

os.environ.setdefault("TRIAGE_SERVER", "1")  # `make run` sets it to ""
# Processes share results, limits, and counts of failed sign-ins through Redis only.
shares = env.text("REDIS_URL") and not env.text("TRIAGE_DEMO")
workers = env.integer("WEB_CONCURRENCY", 2 if shares else 1, maximum=64)
threads = 32
timeout = 60
graceful_timeout = 30  # for running lookups; anything else can be continued later

limit_request_line = 4094  # bytes; the response of a sign-in provider needs about 2000
limit_request_fields = 64
limit_request_field_size = 8190  # bytes; one field contains all cookies of the host
logger_class = "triage_site.logging.SafeServerLogger"
access_log_format = ACCESS_FORMAT
worker_class = "triage_site.worker.Worker"
forwarder_headers = ""  # clients could send SCRIPT_NAME and PATH_INFO; our setting is read instead
control_socket_disable = True  # control the server only through its process


def on_starting(_server: object) -> None:
    """Stop before there are workers, which would be started again and again."""
    check_services()
