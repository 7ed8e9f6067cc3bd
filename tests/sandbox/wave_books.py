"""A digital agency's books in the Wave simulator, and a client that speaks to them."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx

from kommo_invoice.sandbox.wave import AGENCY, WaveSimulator
from kommo_invoice.sandbox.world import World

MORNING = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

CUSTOMERS = """query Find($b: ID!, $email: String, $page: Int, $size: Int, $after: DateTime) {
  business(id: $b) { customers(email: $email, page: $page, pageSize: $size,
    modifiedAtAfter: $after, sort: [CREATED_AT_ASC]) {
      pageInfo { currentPage totalPages totalCount }
      edges { node { id name email phone isArchived currency { code } } } } } }"""
INVOICES = """query List($b: ID!, $number: String, $status: InvoiceStatus, $customer: ID,
    $after: DateTime, $sort: [InvoiceSort!]! = [CREATED_AT_DESC]) {
  business(id: $b) { invoices(invoiceNumber: $number, status: $status, customerId: $customer,
    modifiedAtAfter: $after, sort: $sort) {
      pageInfo { totalCount } edges { node { id invoiceNumber status modifiedAt
        payments { id } amountPaid { value } } } } } }"""
INVOICE = """query One($b: ID!, $i: ID!) { business(id: $b) { invoice(id: $i) {
  id internalId invoiceNumber poNumber memo footer title status invoiceDate dueDate modifiedAt
  lastSentAt lastSentVia viewUrl pdfUrl customer { email } currency { code exponent }
  items { description quantity unitPrice taxes { salesTax { name } amount { value } } }
  subtotal { value } discountTotal { value } taxTotal { value }
  total { value minorUnitValue } amountDue { value } amountPaid { value }
  payments { id amount paymentDate paymentMethod active paymentCurrency { code }
    originInvoicePayment { id } } } } }"""
INVOICE_FIELDS = "invoice { id invoiceNumber status }"


def mutate(name: str, entity: str = INVOICE_FIELDS) -> str:
    kind = name[0].upper() + name[1:]
    return (
        f"mutation M($input: {kind}Input!) {{ {name}(input: $input) {{"
        f" didSucceed inputErrors {{ path message code }} {entity} }} }}"
    )


class Wave:
    """The agency's books with a client that speaks to them."""

    def __init__(self) -> None:
        self.world = World(lambda: MORNING)
        self.world.unlimited = True
        self.people = WaveSimulator(self.world)
        self.rules = self.people.rules
        self.business = self.people.seed()
        self.customer = self.people.add_customer("Acme Ltd", "ap@acme.example")

    def post(self, query: str, token: str = AGENCY["token"], **variables: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.people.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://wave") as client:
                return await client.post(
                    "/graphql/public",
                    json={"query": query, "variables": variables},
                    headers={"Authorization": f"Bearer {token}"},
                )

        return asyncio.run(send())

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        answer: dict[str, dict[str, Any]] = self.post(query, **variables).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def refused(self, query: str, **variables: Any) -> tuple[int, str]:
        response = self.post(query, **variables)
        [error, *_] = response.json()["errors"]
        return response.status_code, error["extensions"]["code"]

    def do(self, mutation: str, entity: str = INVOICE_FIELDS, **asked: Any) -> Any:
        return self.ask(mutate(mutation, entity), input=asked)[mutation]

    def product(self, name: str = "Consulting Services") -> str:
        return next(
            product.id
            for product in self.people.state.products.all(self.business)
            if product.name == name
        )

    def tax(self, name: str) -> str:
        return next(
            tax.id for tax in self.people.state.taxes.all(self.business) if tax.name == name
        )

    def create(self, price: str | None = "100", **asked: Any) -> Any:
        line: dict[str, Any] = {"productId": self.product(), "unitPrice": price, "taxes": []}
        whole = {"businessId": self.business, "customerId": self.customer, "items": [line]}
        return self.do("invoiceCreate", **{**whole, **asked})

    def made(self, price: str | None = "100", **asked: Any) -> str:
        return str(self.create(price, **asked)["invoice"]["id"])

    def read(self, invoice: str) -> Any:
        return self.ask(INVOICE, b=self.business, i=invoice)["business"]["invoice"]

    def status(self, invoice: str) -> str:
        return str(self.read(invoice)["status"])

    def listed(self, **asked: Any) -> list[Any]:
        found = self.ask(INVOICES, b=self.business, **asked)["business"]["invoices"]["edges"]
        return [edge["node"] for edge in found]

    def found(self, **asked: Any) -> list[str]:
        found = self.ask(CUSTOMERS, b=self.business, **asked)["business"]["customers"]["edges"]
        return [edge["node"]["name"] for edge in found]
