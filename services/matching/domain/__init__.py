"""Pure rules and types of the matching service."""
