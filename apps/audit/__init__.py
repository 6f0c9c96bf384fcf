"""The audit trail: append-only entries in a hash chain."""
