"""The review of lookups: the list, its filters, what can be done with many, figures, one record."""
