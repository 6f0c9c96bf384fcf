"""Reading a support ticket: text goes in, suggestions come out. A person confirms them.

Pure: nothing is asked of Sentry, nothing is kept. What is ambiguous comes back as a question.
"""

from apps.tickets.reading import (
    MAX_TICKET_LENGTH,
    CustomerFound,
    Excerpt,
    MomentFound,
    MomentReading,
    Reading,
    TicketRefused,
)
from apps.tickets.ticket import read_ticket, read_ticket_date

__all__ = [
    "MAX_TICKET_LENGTH",
    "CustomerFound",
    "Excerpt",
    "MomentFound",
    "MomentReading",
    "Reading",
    "TicketRefused",
    "read_ticket",
    "read_ticket_date",
]
