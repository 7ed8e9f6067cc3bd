"""``python -m kommo_invoice``."""

from kommo_invoice.cli.main import main

main()
