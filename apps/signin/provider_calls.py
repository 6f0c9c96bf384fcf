"""How the OpenID Connect provider is called: where its own document may lead us, and no further."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings

from apps.outbound import AddressRefused, OutboundSession, Reach
from apps.signin.configured import Oidc

# The person's browser is sent to the first, with what ties the exchange to it; we call the others.
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint")


def oidc_provider() -> Oidc:
    """The configured provider, where only its own addresses lead."""
    assert settings.OIDC is not None  # noqa: S101 - else there are no such addresses
    return settings.OIDC


class ProviderSession(OutboundSession):
    """Calls the issuer and the named hosts; follows no redirect, and waits five seconds at most."""

    def __init__(self) -> None:
        super().__init__(_reach(oidc_provider()))

    def request(self, *args: Any, **options: Any) -> Any:
        """Raises `AddressRefused` for any other host."""
        options["allow_redirects"] = False
        options.setdefault("timeout", 5)
        return super().request(*args, **options)


class ProviderCalls(OpenIDConnectOAuth2Adapter):
    """Reads the provider's document, and believes it only where it stays with the provider."""

    @cached_property
    def openid_config(self) -> Mapping[str, Any]:
        """Raises `AddressRefused` for a document of somebody else's, or that leads elsewhere."""
        document: Mapping[str, Any] = super().openid_config
        check_document(document, oidc_provider())
        return document


def check_document(document: Mapping[str, Any], oidc: Oidc) -> None:
    """Raises `AddressRefused`, in words that hold nothing of the document but known names."""
    if str(document.get("issuer", "")).rstrip("/") != oidc.issuer:
        raise AddressRefused("The provider's document names a different issuer than OIDC_ISSUER.")
    reach = _reach(oidc)
    for name in _ENDPOINTS:
        try:
            reach.check(str(document.get(name, "")))
        except AddressRefused:
            raise AddressRefused(
                f"The provider's {name} isn't on a host named in OIDC_ISSUER or OIDC_HOSTS."
            ) from None


def _reach(oidc: Oidc) -> Reach:
    addresses = [oidc.issuer, *(f"https://{host}" for host in oidc.hosts)]
    return Reach.of(addresses, settings.TRIAGE_PRIVATE_HOSTS)
