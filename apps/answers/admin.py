"""Registers the review's pages of this application: Django looks for pages here alone."""

from apps.answers import catalogue_admin, draft_admin

__all__ = ["catalogue_admin", "draft_admin"]
