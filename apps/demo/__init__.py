"""A stand-in for Sentry that serves its web API over HTTP, with made-up customers."""
