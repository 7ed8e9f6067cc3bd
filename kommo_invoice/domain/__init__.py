"""The words of kinv as plain, frozen data and pure functions: no I/O, no clock, no randomness."""
