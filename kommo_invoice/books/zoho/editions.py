"""What the editions of Zoho Books say about a customer's tax (Zoho sheet, sections 4.3 and 4.4).

An organisation has the edition of its country. Fields of another edition are dropped without a
word (section 9.6), so that the answer alone says what was taken; those of no edition are not sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Edition:
    """How one edition calls things.

    Args:
        treatment: The field of a customer's tax treatment; None where there is none.
        number: The field of a customer's tax number; None where there is none.
        country: Whether a customer bears the code of its country.
        place: Whether a customer bears the code of its state.
        inclusive: Whether prices may contain tax.
    """

    treatment: str | None = None
    number: str | None = None
    country: bool = False
    place: bool = False
    inclusive: bool = True


_EUROPE = Edition("vat_treatment", "vat_reg_no", country=True)
_GULF = Edition("tax_treatment", "tax_reg_no")
_NORTH_AMERICA = Edition(inclusive=False)
_OTHER = Edition()
# The specification names these fields for the British edition alone; in the Union they are worth
# a try, since an invoice with reverse charge has to bear the customer's number.
_UNION = (
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
    *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
)

_EDITIONS: Mapping[str, Edition] = MappingProxyType(
    {
        "GB": _EUROPE,
        **dict.fromkeys(_UNION, _EUROPE),
        "IN": Edition("gst_treatment", "gst_no", place=True),
        **dict.fromkeys(("AE", "SA", "BH", "KW", "OM", "QA"), _GULF),
        **dict.fromkeys(("MX", "KE", "ZA"), _GULF),
        **dict.fromkeys(("US", "CA"), _NORTH_AMERICA),
    }
)


def edition_of(country: str | None) -> Edition:
    """Return the edition of an organisation's country.

    Args:
        country: ISO code, as the organisation names it; None where it does not.
    """
    code = (country or "").strip().upper()
    return _EDITIONS.get({"UK": "GB"}.get(code, code), _OTHER)
