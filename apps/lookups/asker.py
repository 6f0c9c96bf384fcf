"""Who asks, through which door and from where."""

from dataclasses import dataclass

from django.contrib.auth.models import User

from apps.audit.trail import Actor
from apps.lookups.models import Origin


@dataclass(frozen=True, slots=True)
class Asker:
    """`system_user` names the person behind a command line; `address` is an IP address."""

    origin: Origin
    user: User | None = None
    system_user: str = ""
    address: str = ""

    @property
    def actor(self) -> Actor:
        """The same, as the audit trail names it."""
        if self.user is None:
            return Actor(self.origin, None, self.system_user, self.address)
        return Actor(self.origin, self.user.pk, self.user.get_username(), self.address)
