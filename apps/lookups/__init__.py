"""Lookups: query Sentry for a customer, cache and store the redacted result, record who did."""
