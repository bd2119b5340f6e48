"""Use cases of the payment service. Each opens the unit of work."""
