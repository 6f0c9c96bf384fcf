"""gunicorn's request limits and logging, read from the folder it is started in.

The access log is off without `--access-logfile`.
"""

from triage_site.logging import ACCESS_FORMAT

limit_request_line = 4094  # bytes; the response of a sign-in provider needs about 2000
limit_request_fields = 64
limit_request_field_size = 8190  # bytes; one field contains all cookies of the host
logger_class = "triage_site.logging.SafeServerLogger"
access_log_format = ACCESS_FORMAT
worker_class = "triage_site.worker.Worker"
forwarder_headers = ""  # clients could send SCRIPT_NAME and PATH_INFO; our setting is read instead
control_socket_disable = True  # control the server only through its process
