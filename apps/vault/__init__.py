"""Keeping secret what is kept: sealing and keyed hashes. Keys come from the environment."""
