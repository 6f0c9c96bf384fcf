"""What a breadcrumb tells: SDKs put the story of a request or a navigation into its data."""

from apps.events.event import Breadcrumb


def told_by(crumb: Breadcrumb) -> str | None:
    """The crumb's message, with the request or the way that its data holds; None for neither.

    A part that the message has already is not said twice.
    """
    parts = [crumb.message or ""]
    known = _request(crumb) or _way(crumb)
    if known and known not in parts[0]:
        parts.append(known)
    return " ".join(part for part in parts if part) or None


def is_told_by_data(crumb: Breadcrumb) -> bool:
    """Whether the data is a request or a way, which `told_by` has put into words."""
    return bool(_request(crumb) or _way(crumb))


def _request(crumb: Breadcrumb) -> str:
    """`POST /pay 500`, from what HTTP crumbs carry."""
    sent = crumb.data
    if not sent.get("url"):
        return ""
    method = sent.get("method") or sent.get("http.method")
    status = sent.get("status_code") or sent.get("http.response.status_code")
    words = (method, sent["url"], status, sent.get("reason"))
    return " ".join(str(word) for word in words if word not in (None, ""))


def _way(crumb: Breadcrumb) -> str:
    """`/cart to /checkout`, from what navigation crumbs carry."""
    came, went = crumb.data.get("from"), crumb.data.get("to")
    if not went:
        return ""
    return f"{came} to {went}" if came else f"to {went}"
