"""Events, queries, and results as plain data with pure functions: no Django, no I/O."""
