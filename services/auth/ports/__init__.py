"""The outside of the auth service: one file a provider."""
