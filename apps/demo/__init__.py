"""A stand-in for Sentry that speaks its web API over real HTTP, and the customers living in it."""
