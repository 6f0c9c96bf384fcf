"""The catalogue of known errors: what they look like, what they are, what to tell the customer."""
