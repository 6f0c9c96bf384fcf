"""Jobs as they are, but taken over after seconds, and begun again however often a worker dies."""

from dataclasses import replace
from datetime import timedelta

from apps.answers import webhook
from apps.jobs import engine

LEASE_S = 4
_LEASE = timedelta(seconds=LEASE_S)
for kind, used in list(engine._registered.items()):
    engine._registered[kind] = replace(used, lease=_LEASE, tries=1000)
webhook._LEASE = _LEASE
