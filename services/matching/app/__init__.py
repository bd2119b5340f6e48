"""Use cases of the matching service."""
