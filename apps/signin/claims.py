"""What a provider tells of a person, and what follows from it. No request, no database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.signin.configured import Oidc


class Refused(Exception):
    """The person may not come in. `sentence` says why on the page, `why` in the audit trail."""

    def __init__(self, why: str, sentence: str) -> None:
        super().__init__(why)
        self.why, self.sentence = why, sentence


@dataclass(frozen=True, slots=True)
class Told:
    """What is sure of a person. The e-mail address is empty unless the provider verified it."""

    email: str
    groups: frozenset[str]
    roles: frozenset[str]


def read_claims(data: Mapping[str, Any], oidc: Oidc, nonce: str) -> Told:
    """What ID token and userinfo tell together. Raises `Refused` for what must not be trusted."""
    token, info = data.get("id_token") or {}, data.get("userinfo") or {}
    if not nonce or token.get("nonce") != nonce:
        raise Refused("nonce", "The sign-in response wasn't meant for this browser. Try again.")
    if str(token.get("iss", "")).rstrip("/") != oidc.issuer:
        raise Refused(
            "issuer", "The sign-in response came from an unexpected source. Ask your admin."
        )
    if info and info.get("sub") != token.get("sub"):
        raise Refused("subject", "The sign-in response contradicts itself. Ask your admin.")
    email = _verified_email(info) or _verified_email(token)  # never one's word for the other's
    domain = email.rpartition("@")[2]
    if oidc.allowed_domains and domain not in oidc.allowed_domains:
        raise Refused(
            "domain",
            "Your email address isn't from a domain that can sign in here, or your provider "
            "hasn't verified it. Ask your admin.",
        )
    groups = _words(token.get(oidc.groups_claim)) | _words(info.get(oidc.groups_claim))
    named = {group for group in groups if not group.startswith("@")} | {f"@{domain}"}
    roles = frozenset(oidc.roles[name] for name in named if name in oidc.roles)
    return Told(email=email, groups=groups, roles=roles)


def _verified_email(claims: Mapping[str, Any]) -> str:
    email = claims.get("email")
    is_verified = claims.get("email_verified") in (True, "true")
    return email.strip().lower() if is_verified and isinstance(email, str) else ""


def _words(value: Any) -> frozenset[str]:
    """One text is one group; a list is several; anything else is none."""
    values = value if isinstance(value, list) else [value]
    return frozenset(one for one in values if isinstance(one, str))
