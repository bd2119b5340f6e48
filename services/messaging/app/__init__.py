"""Use cases: each opens the unit of work."""
