"""The use case: ask Sentry for a person, share the answer, keep it redacted, record the look."""
