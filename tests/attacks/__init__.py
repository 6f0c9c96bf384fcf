"""Attacks. What is tested elsewhere, by its subject:

- one event that burns CPU: tests/events/test_redaction.py
- a region host or a special network that gets the token: tests/lookups/test_connection.py and
  tests/outbound/test_reach.py
- uploads that burn CPU: tests/answers/test_hostile_files.py
- keeping an account out by wrong passwords: tests/accounts/test_sign_in.py
- two accounts with one email address: tests/accounts/test_people.py
- two acceptances of invitations at once: tests/accounts/test_accounts_postgres.py
- half-sent requests that hold threads or health checks: tests/web/test_worker.py
- one person's use of the model: tests/explain/test_spending.py
- what remains after erasing, in files or of a customer typed otherwise, and of a deactivated
  owner's shares: tests/lookups/test_forgetting.py and tests/web/test_share.py
- an event of an unknown project: tests/events/test_restriction.py
"""
