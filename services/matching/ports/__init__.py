"""The outside of the matching service."""
