"""A draft as a link that a mail program opens (RFC 6068)."""

from urllib.parse import quote

# What mail programs and browsers on all systems take of an address.
MOST_LETTERS = 1900


def mail_link(subject: str, text: str) -> str:
    """The link, without a recipient; empty where it would be too long for some mail programs."""
    lines = "\r\n".join(text.splitlines())
    link = f"mailto:?subject={quote(subject, safe='')}&body={quote(lines, safe='')}"
    return link if len(link) <= MOST_LETTERS else ""
