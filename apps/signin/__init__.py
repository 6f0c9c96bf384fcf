"""Signing in and staying so: passwords, second factor, single sign-on, invitations, people."""
