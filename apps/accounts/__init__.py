"""Roles, teams, preferences, invitations, and API tokens."""
