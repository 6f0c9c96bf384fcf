"""Starts processes by forking, in a tenth of the time: `python -m tests.jobs.nursery`.

Each line that it reads is a command of `manage.py`, or "serve" with a port; it prints the process
ID. A server and its processes are a group.
"""

import os
import signal
import sys

import django
from django.core.management import call_command

django.setup()

import allauth.mfa.models  # noqa: E402, F401 - slow to import, so before the fork
import huey.api  # noqa: E402, F401
import pydantic  # noqa: E402, F401
import requests  # noqa: E402, F401
from gunicorn.app import wsgiapp  # noqa: E402

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    command, *options = line.split()
    process = os.fork()
    if not process:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if command == "serve":
            os.setsid()
            address, quiet = ("--bind", f"127.0.0.1:{options[0]}"), ("--log-level", "warning")
            sys.argv = ["gunicorn", "triage_site.wsgi", *address, "--threads", "8", *quiet]
            wsgiapp.run()
        call_command(command, *options)
        os._exit(0)
    print(process, flush=True)
