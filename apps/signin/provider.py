"""The OpenID Connect provider. django-allauth looks for it in a module of this name."""

import hashlib
from typing import Any

from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.http import HttpRequest

from apps.signin.oidc import ProviderAdapter, oidc_provider


class IssuedProvider(OpenIDConnectProvider):
    """Identify people by issuer and subject: another provider may use the same subjects."""

    oauth2_adapter_class = ProviderAdapter
    _adapter: ProviderAdapter | None = None

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Return the hashed identity. Raise KeyError if the provider names no subject."""
        subject = super().extract_uid(data)
        issuer = oidc_provider().issuer
        return hashlib.sha256(f"{issuer} {subject}".encode()).hexdigest()

    def get_oauth2_adapter(self, request: HttpRequest) -> ProviderAdapter:
        """Return the adapter, the same each time: it has read the provider's document."""
        if self._adapter is None:
            self._adapter = super().get_oauth2_adapter(request)
        return self._adapter

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        """Return the scopes, with that of the groups if the provider has one of their name."""
        scopes: list[str] = super().get_scope_from_request(request)
        offered = self.get_oauth2_adapter(request).openid_config.get("scopes_supported") or ()
        claim = oidc_provider().groups_claim
        return [*scopes, claim] if claim in offered else scopes

    @classmethod
    def get_package(cls) -> str:
        """Return the package whose URLs and templates django-allauth uses."""
        return "allauth.socialaccount.providers.openid_connect"


provider_classes = [IssuedProvider]
