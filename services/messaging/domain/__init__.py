"""Pure rules and types."""
