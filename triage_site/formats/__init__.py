"""Date formats, in the packages that Django expects."""
