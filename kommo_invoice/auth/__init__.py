"""Tokens: where they come from and how long they live."""
