"""What of a draft these books can hold: a plan shows what will be sent, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kommo_invoice.books.capabilities import Effect, Feature

if TYPE_CHECKING:
    from kommo_invoice.books.capabilities import BooksCapabilities
    from kommo_invoice.domain.draft import Draft


def granted(draft: Draft, capabilities: BooksCapabilities) -> Draft:
    """Return a draft without the wishes that the books would leave out.

    Args:
        draft: The invoice as the mapping wants it.
        capabilities: ``drops`` says what is left out; ``mapping check`` lists the same.
    """
    dropped = {each.feature for each in capabilities.drops if each.effect is Effect.DROPPED}
    customer, mail = draft.customer, draft.mail
    if Feature.TAX_NUMBER in dropped:
        customer = replace(customer, tax_number=None)
    if Feature.TAX_TREATMENT in dropped:
        customer = replace(customer, tax_treatment=None)
    if mail is not None and Feature.CC in dropped:
        mail = replace(mail, cc=())
    if mail is not None and Feature.MESSAGE in dropped:
        mail = replace(mail, message=None)
    if mail is not None and Feature.ATTACH_PDF in dropped:
        mail = replace(mail, attach_pdf=None)
    return replace(
        draft,
        customer=customer,
        mail=mail,
        po_number=None if Feature.PO_NUMBER in dropped else draft.po_number,
        memo=None if Feature.MEMO in dropped else draft.memo,
    )
