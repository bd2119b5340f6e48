"""The outside: one file a provider, behind a Protocol that app owns."""
