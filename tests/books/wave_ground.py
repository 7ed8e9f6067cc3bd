"""A running Wave simulator with the adapter connected to it, over real HTTP."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kommo_invoice.books.wave import Wave, connect
from kommo_invoice.domain.draft import CustomerDraft, Draft, LineDraft
from kommo_invoice.http import Client
from kommo_invoice.sandbox.faults import Fault, FaultKind

if TYPE_CHECKING:
    from pathlib import Path

    from kommo_invoice.books.base import Look
    from kommo_invoice.domain.invoice import Invoice
    from kommo_invoice.sandbox.server import Sandbox
    from kommo_invoice.sandbox.wave import WaveSimulator

REFERENCE = "KQ4-12345678"
TODAY = date(2026, 11, 2)


class Token:
    def __init__(self, token: str = "wave-sandbox-token") -> None:
        self._token = token

    def token(self) -> str:
        return self._token

    def renew(self) -> bool:
        return False

    def explain(self) -> str:
        return "set KINV_WAVE_TOKEN"


class Ground:
    """A running simulator and its business, with the adapter connected to it."""

    def __init__(self, sandbox: Sandbox, simulator: WaveSimulator, state_dir: Path) -> None:
        self.world, self.simulator = sandbox.world, simulator
        self.business = simulator.seed()
        self.clients: list[Client] = []
        self._url, self._state_dir = sandbox.urls["wave"], state_dir
        self.wave = self.connect()
        catalog = self.wave.catalog()
        self.items = {each.name: each for each in catalog.items}
        self.taxes = {each.name: each for each in catalog.taxes}
        self.catalog = catalog
        self.world.requests.clear()

    def connect(self, account: str | None = None, auth: Token | None = None) -> Wave:
        def open_client(*given: Any) -> Client:
            client = Client(
                *given,
                auth=auth or Token(),
                state_dir=self._state_dir,
                clock=lambda: datetime.now(UTC),
                rate_factor=1000,
            )
            self.clients.append(client)
            return client

        return connect(account or self.business, base_url=self._url, open_client=open_client)

    def draft(self, **changes: Any) -> Draft:
        line = LineDraft(
            description='Website "Relaunch", Größe {x}\\n',
            quantity=Decimal("1.5"),
            unit_price=Decimal("99.99"),
            item=self.items["Consulting Services"],
            tax=self.taxes["VAT 19%"],
        )
        values: dict[str, Any] = {
            "reference": REFERENCE,
            "customer": CustomerDraft("Acme GmbH", "anna@acme.example"),
            "currency": "EUR",
            "lines": (line,),
            "date": TODAY,
            "due_date": TODAY + timedelta(days=30),
        }
        return Draft(**(values | changes))

    def invoice(self, customer: str | None = None, **changes: Any) -> Invoice:
        owner = customer or self.simulator.add_customer("Acme GmbH", "anna@acme.example")
        return self.wave.create_invoice(self.draft(**changes), owner, key="k")

    def found(self, look: Look) -> Any:
        (sighting,) = self.wave.look([look])
        return sighting

    def one(self, invoice_id: str) -> Invoice:
        (found,) = self.wave.read([invoice_id])
        assert found is not None
        return found

    def fault(self, match: str, kind: FaultKind) -> None:
        self.world.faults.add(Fault("wave", match, kind))
