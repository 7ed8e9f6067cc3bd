"""The ledger: what was intended and what came of it. The only package with SQL."""
