"""The library's OpenID Connect provider, found here by its file's name, and what ours does more."""

import hashlib
from typing import Any

from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider

from apps.signin.provider_calls import ProviderCalls, oidc_provider


class IssuedProvider(OpenIDConnectProvider):
    """Knows a person by issuer and subject: another provider may use the same subjects."""

    oauth2_adapter_class = ProviderCalls

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Raises KeyError if the provider names nobody."""
        subject = super().extract_uid(data)
        issuer = oidc_provider().issuer
        return hashlib.sha256(f"{issuer} {subject}".encode()).hexdigest()

    @classmethod
    def get_package(cls) -> str:
        """Where the library looks for what belongs to it."""
        return "allauth.socialaccount.providers.openid_connect"


provider_classes = [IssuedProvider]
