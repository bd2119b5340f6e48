"""Measures how well matching ranks, on labelled sets that are not part of the project."""
