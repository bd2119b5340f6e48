"""Processes that are measured from outside."""
