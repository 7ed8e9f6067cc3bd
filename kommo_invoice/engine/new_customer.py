"""A customer is made in the books, under its first name that is free."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kommo_invoice.books.base import NameTaken
from kommo_invoice.books.capabilities import Operation
from kommo_invoice.domain.draft import CustomerDraft
from kommo_invoice.domain.plan import Step
from kommo_invoice.engine.attempts import Attempts, values_of
from kommo_invoice.engine.customers import NAMES, named_key, numbered, takes_name
from kommo_invoice.engine.evidence import look_later
from kommo_invoice.errors import DealError

if TYPE_CHECKING:
    from kommo_invoice.domain.draft import Draft
    from kommo_invoice.engine.session import Session


class NewCustomer:
    """Makes the customer of one claim.

    Args:
        session: The run's tools.
        attempts: Does the claim's steps.
        draft: The invoice that the customer is for.
    """

    def __init__(self, session: Session, attempts: Attempts, draft: Draft) -> None:
        self._session = session
        self._attempts = attempts
        self._draft = draft

    def make(self, step: Step) -> str:
        """Make the customer and return its id.

        A customer that has the name and may be the one that is meant is taken instead. Each name
        is a step of its own, so that a key never stands for two of them.

        Args:
            step: The step under the customer's first name.

        Raises:
            DealError: The name is taken, and the mapping wants no other.
            Temporary: It may be taken by the customer whose making was held to be lost.
            Rejected, LostAnswer: As for every step.
        """
        draft = values_of(step, CustomerDraft)
        longest = self._session.books.capabilities.texts.customer_name
        for number in range(1, NAMES + 1):
            name = numbered(draft.name, number, longest)
            named = Step(step.kind, named_key(step.key, number), replace(draft, name=name))
            try:
                return self._make_named(named)
            except NameTaken as error:
                if error.holder is None:
                    self._await_late(named.key, name)
                if not self._session.mapping.suffix_taken_names:
                    raise self._is_anothers(name, error) from error
        raise DealError(
            f"all names from {draft.name!r} to {name!r} are taken in the books",
            hint="give the customer another name, or name one of them by [customer] id",
        )

    def _make_named(self, step: Step) -> str:
        books = self._session.books
        draft = values_of(step, CustomerDraft)
        found = False
        try:
            _, customer = self._attempts.make(
                step, lambda row: books.create_customer(draft, key=row.provider_key)
            )
        except NameTaken as error:
            holder = error.holder
            if holder is None or not takes_name(holder, self._draft, books.capabilities):
                raise
            customer, found = holder, True
        values = {"customer_id": customer.id}
        self._attempts.done(step, customer.id, found=found, claim_values=values)
        return customer.id

    def _await_late(self, key: str, name: str) -> None:
        """Wait once more where who has the name may be what an earlier request made late.

        Lists lag, so it may not be seen yet; a second time it counts as somebody else.
        """
        session = self._session
        step = session.ledger.step(key)
        if step is None or not step.doubtful:
            return
        session.ledger.release(self._attempts.row, key, f"the name {name!r} is taken", lost=False)
        raise look_later(
            f"the name {name!r} is taken, maybe by the customer whose making was lost, which is "
            "not to be seen yet",
            session.clock() + session.settle_time(Operation.CREATE_CUSTOMER),
            self._attempts.deal,
        )

    def _is_anothers(self, name: str, error: NameTaken) -> DealError:
        books, holder = self._session.books.capabilities.name, error.holder
        if holder is None:
            return DealError(
                f"the name {name!r} is taken by somebody who is no customer (a vendor, an "
                f"employee), and {books} wants each name once",
                hint='give the customer another name, or set on_name_taken = "suffix" in '
                "[customer]",
            )
        state = ", which is not active" if holder.archived else ""
        return DealError(
            f"the name {name!r} is in {books} that of customer {holder.id} "
            f"({holder.email or 'without an address'}){state}",
            hint="give the customer another name, name that one by [customer] id, or set "
            'on_name_taken = "suffix" in [customer]',
        )
