"""The outside of the payment service: one file a provider."""
