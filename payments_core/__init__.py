"""The business: payments, ledger, hierarchy, fees, profit share, settlement, reports.

One package a feature, the same file names in each: model.py (pure) · operations.py (writes) ·
queries.py (reads) · errors.py · tables.py. Nothing here reads the clock or draws a random number;
callers pass `now`, `as_of` or `business_date`.
"""
