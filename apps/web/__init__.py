"""The pages, the API, and the health checks."""
