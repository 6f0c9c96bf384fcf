"""What the server takes at most, before Triage sees it, and how it logs. Read from the folder that
gunicorn is started in. An access log is off, unless `--access-logfile` names one.
"""

from triage_site.logging import ACCESS_FORMAT

limit_request_line = 4094  # bytes; an answer of a sign-in provider needs about 2000
limit_request_fields = 64
limit_request_field_size = 8190  # bytes; all cookies of the host stand in one field
logger_class = "triage_site.logging.ServerLog"
access_log_format = ACCESS_FORMAT
control_socket_disable = True  # nobody steers the server but by its process
