"""kinv: a deal won in the CRM becomes a sent invoice in the books, exactly once."""

__version__ = "0.1.0"
