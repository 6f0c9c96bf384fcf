"""Find customers and times in the text of a support ticket.

Everything found says whether it is certain, or is a question. Nothing is requested or stored.
"""

from apps.tickets.reader import read_moment, read_ticket, read_ticket_date
from apps.tickets.text import (
    MAX_TICKET_LENGTH,
    CustomerFound,
    Excerpt,
    MomentFound,
    MomentReading,
    Reading,
    TicketRefused,
)

__all__ = [
    "MAX_TICKET_LENGTH",
    "CustomerFound",
    "Excerpt",
    "MomentFound",
    "MomentReading",
    "Reading",
    "TicketRefused",
    "read_moment",
    "read_ticket",
    "read_ticket_date",
]
