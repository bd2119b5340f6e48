"""Matching: ranked candidates and jobs, scores and their receipts."""
