"""Reading the OpenID Connect provider, and who gets which role, from the environment."""

import re
from urllib.parse import urlsplit

from apps.signin.oidc_config import Oidc
from triage_site import env

_ROLES = ("agent", "lead", "admin", "auditor")
_NEEDED = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_ROLES")
_DOMAIN = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_OWN_MACHINE = ("localhost", "127.0.0.1", "::1")


def read_oidc() -> Oidc | None:
    """The configured provider; None when there is none. Stops the start when it is half told."""
    told = [name for name in _NEEDED if env.text(name)]
    if not told:
        return None
    missing = [name for name in _NEEDED if name not in told]
    if missing:
        env.stop(f"{told[0]} is set but {missing[0]} is not. Single sign-on needs both.")
    return Oidc(
        issuer=_issuer(),
        client_id=env.text("OIDC_CLIENT_ID"),
        client_secret=env.text("OIDC_CLIENT_SECRET"),
        name=env.text("OIDC_NAME", "single sign-on"),
        allowed_domains=_domains(),
        groups_claim=env.text("OIDC_GROUPS_CLAIM", "groups"),
        roles=_roles(),
        teams=env.boolean("OIDC_TEAMS", default=False),
        link_by_email=env.boolean("OIDC_LINK_BY_EMAIL", default=False),
        hosts=_hosts(),
    )


def _issuer() -> str:
    address = env.text("OIDC_ISSUER").rstrip("/")
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    is_safe = host and (
        parts.scheme == "https" or (parts.scheme == "http" and host in _OWN_MACHINE)
    )
    if not is_safe or parts.username or parts.query or parts.fragment:
        env.stop("OIDC_ISSUER must be an address such as https://login.example.org/realms/support.")
    return address


def _hosts() -> tuple[str, ...]:
    hosts = tuple(host.lower() for host in env.words("OIDC_HOSTS"))
    for host in hosts:
        if not re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::[1-9][0-9]{0,4})?", host):
            env.stop(
                f"OIDC_HOSTS names {host!r}; list host names such as graph.example.org, "
                "without https:// or a path."
            )
    return hosts


def _domains() -> tuple[str, ...]:
    domains = tuple(domain.lower() for domain in env.words("OIDC_ALLOWED_DOMAINS"))
    for domain in domains:
        if not _DOMAIN.fullmatch(domain):
            env.stop(f"OIDC_ALLOWED_DOMAINS names {domain!r}; please list domains as example.org.")
    return domains


def _roles() -> dict[str, str]:
    """`support=agent,@example.org=agent`; a group's name may hold blanks and equals signs."""
    roles = {}
    for pair in env.words("OIDC_ROLES"):
        group, _equals, role = (part.strip() for part in pair.rpartition("="))
        is_domain = group.startswith("@")
        if is_domain and not _DOMAIN.fullmatch(group[1:].lower()):
            env.stop(f"OIDC_ROLES names {group!r}; please write a domain as @example.org.")
        if not group or role not in _ROLES:
            env.stop(
                f"OIDC_ROLES names {pair!r}. It takes pairs such as support=agent, "
                f"the role being one of {', '.join(_ROLES)}."
            )
        roles[group.lower() if is_domain else group] = role
    return roles
