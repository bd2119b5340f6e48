"""Tables and queries of the auth service: the only SQL."""
