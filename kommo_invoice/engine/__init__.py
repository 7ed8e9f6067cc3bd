"""Planning and running: the only place that joins ledger and providers."""
