"""Catalog of known errors: their patterns, explanations, and replies to the customer."""
