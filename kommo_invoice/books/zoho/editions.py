"""What the editions of Zoho Books say about a customer's tax (Zoho sheet, sections 4.3 and 4.4).

An organisation has the edition of its country. Fields of another edition are dropped without a
word (section 9.6), so that the answer alone says what was taken; those of no edition are not sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from kommo_invoice.books.features import Feature

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
        treatments: What a tax treatment may be; empty where that is not established.
    """

    treatment: str | None = None
    number: str | None = None
    country: bool = False
    place: bool = False
    inclusive: bool = True
    treatments: tuple[str, ...] = ()

    @property
    def lacking(self) -> tuple[str, ...]:
        """The keys of a mapping that mean nothing in this edition."""
        known = {
            Feature.TAX_NUMBER: self.number,
            Feature.TAX_TREATMENT: self.treatment,
            Feature.INCLUSIVE_PRICES: self.inclusive,
        }
        return tuple(each.value for each in known if not known[each])


# The words are those of the specification's contacts.
_BRITISH = Edition(
    "vat_treatment",
    "vat_reg_no",
    country=True,
    treatments=("uk", "eu_vat_registered", "overseas"),
)
_EUROPE = Edition("vat_treatment", "vat_reg_no", country=True)
_REGISTERED = ("vat_registered", "vat_not_registered")
_GULF = Edition(
    "tax_treatment",
    "tax_reg_no",
    treatments=(
        *(*_REGISTERED, "gcc_vat_registered", "gcc_vat_not_registered", "non_gcc"),
        *("dz_vat_registered", "dz_vat_not_registered"),
    ),
)
_MEXICO = ("home_country_mexico", "border_region_mexico", "non_mexico")
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
        "GB": _BRITISH,
        **dict.fromkeys(_UNION, _EUROPE),
        "IN": Edition(
            "gst_treatment",
            "gst_no",
            place=True,
            treatments=("business_gst", "business_none", "overseas", "consumer"),
        ),
        **dict.fromkeys(("AE", "SA", "BH", "KW", "OM", "QA"), _GULF),
        "MX": replace(_GULF, treatments=_MEXICO),
        "KE": replace(_GULF, treatments=(*_REGISTERED, "non_kenya")),
        "ZA": replace(_GULF, treatments=(*_REGISTERED, "overseas")),
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
