"""One breadcrumb of an event body, with a message also where the SDK sent only data."""

from collections.abc import Mapping

from apps.events.event import Breadcrumb
from apps.sentry.lenient import mapping, moment, text


def parse_breadcrumb(raw: Mapping[str, object]) -> Breadcrumb:
    """HTTP and navigation crumbs carry their story in `data`; it is told in `message`."""
    data = mapping(raw.get("data"))
    return Breadcrumb(
        timestamp=moment(raw.get("timestamp")),
        type=text(raw.get("type")),
        category=text(raw.get("category")),
        level=text(raw.get("level")),
        message=text(raw.get("message")) or _from_data(data),
        data=dict(data),
    )


def _from_data(data: Mapping[str, object]) -> str | None:
    url = text(data.get("url"))
    if url:
        method, status = text(data.get("method")), text(data.get("status_code"))
        return " ".join(part for part in (method, url, f"[{status}]" if status else None) if part)
    came, went = text(data.get("from")), text(data.get("to"))
    if went:
        return f"{came} → {went}" if came else went
    return None
