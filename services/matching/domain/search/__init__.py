"""The search itself, in memory: what the service ranks with and what the evaluation measures."""
