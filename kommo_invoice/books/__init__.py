"""Books providers: one module or package each, all behind ``books.base.Books``."""
