"""Tables and queries of the payment service: its only SQL."""
