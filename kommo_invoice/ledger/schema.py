"""The ledger's tables and how they came to be; every change is a new migration at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlite_utils import Database


def _first(db: Database) -> None:
    db.execute("""
        CREATE TABLE pairs (
            crm TEXT NOT NULL,
            books TEXT NOT NULL,
            first_seen_at TEXT NOT NULL,
            PRIMARY KEY (crm, books)
        ) STRICT
    """)
    db.execute("""
        CREATE TABLE runs (
            id TEXT PRIMARY KEY,
            command TEXT NOT NULL,
            crm TEXT NOT NULL,
            books TEXT NOT NULL,
            pid INTEGER NOT NULL,
            started_at TEXT NOT NULL,
            finished_at TEXT,
            exit_code INTEGER,
            summary TEXT
        ) STRICT
    """)
    db.execute("""
        CREATE TABLE claims (
            id INTEGER PRIMARY KEY,
            crm TEXT NOT NULL,
            books TEXT NOT NULL,
            deal INTEGER NOT NULL,
            part TEXT NOT NULL,
            period TEXT NOT NULL,
            issue INTEGER NOT NULL,
            reference TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('open', 'failed', 'unknown', 'done', 'closed')),
            draft TEXT,
            content_hash TEXT,
            customer_id TEXT,
            invoice_id TEXT,
            adopted INTEGER NOT NULL DEFAULT 0,
            send INTEGER NOT NULL DEFAULT 1,
            reason TEXT,
            error TEXT,
            exit_code INTEGER,
            attempts INTEGER NOT NULL DEFAULT 0,
            next_try_at TEXT,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            UNIQUE (crm, books, deal, part, period, issue)
        ) STRICT
    """)
    db.execute("CREATE INDEX claims_by_invoice ON claims (books, invoice_id)")
    db.execute("CREATE INDEX claims_by_state ON claims (crm, books, state)")
    db.execute("""
        CREATE TABLE steps (
            key TEXT PRIMARY KEY,
            claim_id INTEGER NOT NULL REFERENCES claims (id),
            kind TEXT NOT NULL,
            state TEXT NOT NULL
                CHECK (state IN ('planned', 'intent', 'done', 'refused', 'unknown')),
            generation INTEGER NOT NULL DEFAULT 1,
            attempts INTEGER NOT NULL DEFAULT 0,
            lost INTEGER NOT NULL DEFAULT 0,
            sent_values TEXT,
            provider_id TEXT,
            error TEXT,
            run_id TEXT,
            intent_at TEXT,
            lost_at TEXT,
            done_at TEXT
        ) STRICT
    """)
    db.execute("CREATE INDEX steps_by_claim ON steps (claim_id)")
    db.execute("""
        CREATE TABLE links (
            claim_id INTEGER PRIMARY KEY REFERENCES claims (id),
            invoice_id TEXT NOT NULL,
            number TEXT NOT NULL,
            status TEXT NOT NULL,
            overdue INTEGER NOT NULL,
            currency TEXT NOT NULL,
            total_minor INTEGER NOT NULL,
            paid_minor INTEGER NOT NULL,
            due_date TEXT,
            seen_at TEXT NOT NULL
        ) STRICT
    """)
    db.execute("""
        CREATE TABLE setups (
            account TEXT PRIMARY KEY,
            fetched_at TEXT NOT NULL,
            content TEXT NOT NULL
        ) STRICT
    """)
    db.execute("""
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            run_id TEXT,
            claim_id INTEGER REFERENCES claims (id),
            what TEXT NOT NULL,
            detail TEXT NOT NULL,
            before TEXT,
            after TEXT
        ) STRICT
    """)
    db.execute("CREATE INDEX audit_by_claim ON audit (claim_id)")
    for verb in ("UPDATE", "DELETE"):
        db.execute(f"""
            CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit
            BEGIN SELECT RAISE(ABORT, 'audit rows are only ever added'); END
        """)


MIGRATIONS: tuple[Callable[[Database], None], ...] = (_first,)
"""Applied in order; the file's ``user_version`` counts how many it has had."""
