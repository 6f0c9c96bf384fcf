"""The pages under Manage for lookups and prompts. Django imports this package to register them."""

from apps.lookups.admin import export, lookup

__all__ = ["export", "lookup"]
