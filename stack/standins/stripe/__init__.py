"""A card processor for machines without one: Stripe's wire protocol, no money.

It keeps its objects in one SQLite file, so that a kill loses nothing. A control
endpoint makes it fail in the ways that networks and processors fail.
"""
