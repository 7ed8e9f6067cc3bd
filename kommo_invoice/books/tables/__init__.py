"""One capability table for each books provider; ``capability_tables`` collects them."""
