"""The OpenID Connect provider. django-allauth looks for it in a module of this name."""

import hashlib
from typing import Any

from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider

from apps.signin.oidc import ProviderAdapter, oidc_provider


class IssuedProvider(OpenIDConnectProvider):
    """Identify people by issuer and subject: another provider may use the same subjects."""

    oauth2_adapter_class = ProviderAdapter

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Return the hashed identity. Raise KeyError if the provider names no subject."""
        subject = super().extract_uid(data)
        issuer = oidc_provider().issuer
        return hashlib.sha256(f"{issuer} {subject}".encode()).hexdigest()

    @classmethod
    def get_package(cls) -> str:
        """Return the package whose URLs and templates django-allauth uses."""
        return "allauth.socialaccount.providers.openid_connect"


provider_classes = [IssuedProvider]
