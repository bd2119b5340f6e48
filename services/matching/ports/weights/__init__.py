"""Weights that the project learnt, small and by one command: `python -m evaluation.learn`."""
