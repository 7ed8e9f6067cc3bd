"""A first mapping from what both accounts hold: guessed, asked, decided, written."""
