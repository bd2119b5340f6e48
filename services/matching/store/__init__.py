"""The only SQL of the matching service."""
