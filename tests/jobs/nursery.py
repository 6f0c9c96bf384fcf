"""Starts processes by forking, in a tenth of the time: `python -m tests.jobs.nursery`.

Each line that it reads is a command of `manage.py`, or "produce"; it prints the process ID.
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

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    process = os.fork()
    if not process:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if line.strip() == "produce":
            from tests.jobs.work import produce

            produce()
        call_command(line.strip())
        os._exit(0)
    print(process, flush=True)
