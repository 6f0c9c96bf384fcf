"""What the server takes at most, before Triage sees it; a body's size is checked by Triage."""

limit_request_line = 4094  # bytes; an answer of a sign-in provider needs about 2000
limit_request_fields = 64
limit_request_field_size = 8190  # bytes; all cookies of the host stand in one field
