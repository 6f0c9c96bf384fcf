"""Start the site as `make run` does, with a demo Sentry that tests change while it runs."""

import sys
from contextlib import suppress

from triage_site import start

if __name__ == "__main__":
    start.DEMO_COMMAND = ("-m", "tests.demo_sentry")
    with suppress(KeyboardInterrupt):
        start.main(*sys.argv[1:])
