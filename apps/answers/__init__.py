"""Drafts of replies and escalations, their delivery, and the catalog's admin pages."""
