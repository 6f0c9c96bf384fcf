"""Who may do what: people's roles and time zones, and tokens for programs."""
