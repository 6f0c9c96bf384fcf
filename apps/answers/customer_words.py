"""A reply in the words for one customer, for what is made of results."""

from apps.lookups.customer_words import customer_moment, greeting, reply_of, values_for

__all__ = ["customer_moment", "greeting", "reply_of", "values_for"]
