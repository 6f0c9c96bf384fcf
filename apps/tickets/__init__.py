"""Reading a support ticket: text goes in, suggestions come out. A person confirms them.

Pure: nothing is asked of Sentry, nothing is kept. What is ambiguous comes back as a question.
"""

from apps.tickets.reader import read_ticket, read_ticket_date
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
    "read_ticket",
    "read_ticket_date",
]
