"""The OpenID Connect provider."""

from dataclasses import dataclass, field
from typing import Any

PROVIDER = "sso"


@dataclass(frozen=True, slots=True)
class Oidc:
    """The provider. `roles` maps a group, or `@` and a domain, to a role.

    `hosts` are additional hosts of its endpoints.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    allowed_domains: tuple[str, ...]
    groups_claim: str
    roles: dict[str, str]
    teams: bool
    link_by_email: bool
    hosts: tuple[str, ...] = ()


def allauth_providers(oidc: Oidc | None) -> dict[str, Any]:
    """Return the provider as in `SOCIALACCOUNT_PROVIDERS`."""
    if oidc is None:
        return {}
    app = {
        "provider_id": PROVIDER,
        "name": oidc.name,
        "client_id": oidc.client_id,
        "secret": oidc.client_secret,
        "settings": {"server_url": oidc.issuer, "oauth_pkce_enabled": True},
    }
    return {"openid_connect": {"APPS": [app]}}
