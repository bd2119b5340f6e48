"""The auth service consumes no events."""
