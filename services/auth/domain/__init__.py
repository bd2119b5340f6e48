"""Pure rules and types of the auth service."""
