"""The payment service: budgets, fees and the ledger."""
