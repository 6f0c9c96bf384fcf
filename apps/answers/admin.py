"""Registers the pages of known errors: Django looks for pages here alone."""

from apps.answers import catalogue_admin  # noqa: F401
