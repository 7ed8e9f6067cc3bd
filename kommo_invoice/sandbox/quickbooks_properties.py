"""Which properties a body sent to the QuickBooks simulator may have, and what they may hold.

Whatever is not named here is refused as the server's own parser does (sheet, section 4: 2010).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from kommo_invoice.sandbox.quickbooks_faults import MESSAGES, Refusal


class Kind(StrEnum):
    """What a property holds."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    DAY = "day"
    OBJECT = "object"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Property:
    """One property.

    Args:
        kind: What it holds.
        most: A text's greatest length in characters.
        words: The only texts that it may hold.
        of: An object's own properties.
        many: Whether it is a list of them.
    """

    kind: Kind
    most: int | None = None
    words: tuple[str, ...] = ()
    of: Mapping[str, Property] | None = None
    many: bool = False


Properties = Mapping[str, Property]

_TOO_LARGE = Decimal(10) ** 15  # QuickBooks sheet, section 8: an amount has at most 15 digits

NUMBER, FLAG, DAY, IGNORED = map(Property, (Kind.NUMBER, Kind.FLAG, Kind.DAY, Kind.ANY))


def _text(most: int | None = None) -> Property:
    return Property(Kind.TEXT, most)


def _words(*words: str) -> Property:
    return Property(Kind.TEXT, words=words)


def _object(**of: Property) -> Property:
    return Property(Kind.OBJECT, of=of)


def _objects(**of: Property) -> Property:
    return Property(Kind.OBJECT, of=of, many=True)


def _ignored(names: str) -> dict[str, Property]:
    """Return properties that are known, and without effect here."""
    return dict.fromkeys(names.split(), IGNORED)


TEXT = _text()
REF = _object(value=TEXT, name=TEXT, type=TEXT)
EMAIL = _object(Address=_text(100), **_ignored("Id Default Tag"))
PHONE = _object(FreeFormNumber=_text(30), **_ignored("Id DeviceType Default Tag"))
ADDRESS = _object(
    **{f"Line{number}": _text(500) for number in range(1, 6)},
    City=_text(255),
    Country=_text(255),
    CountrySubDivisionCode=_text(255),
    PostalCode=_text(30),
    **_ignored("Id Lat Long"),
)
_SYSTEM = {"Id": TEXT, "SyncToken": TEXT, "sparse": FLAG, **_ignored("domain status MetaData")}

CUSTOMER: Properties = {
    **_SYSTEM,
    "DisplayName": _text(500),
    "Title": _text(16),
    "GivenName": _text(100),
    "MiddleName": _text(100),
    "FamilyName": _text(100),
    "Suffix": _text(16),
    "CompanyName": _text(100),
    "PrintOnCheckName": _text(110),
    "PrimaryEmailAddr": EMAIL,
    "PrimaryPhone": PHONE,
    "AlternatePhone": PHONE,
    "Mobile": PHONE,
    "Fax": PHONE,
    "WebAddr": _object(URI=_text(1000), **_ignored("Id Default Tag")),
    "BillAddr": ADDRESS,
    "ShipAddr": ADDRESS,
    "Notes": _text(2000),
    "CurrencyRef": REF,
    "Taxable": FLAG,
    "Active": FLAG,
    "SalesTermRef": REF,
    "DefaultTaxCodeRef": REF,
    "PreferredDeliveryMethod": _words("Print", "Email", "None"),
    "ResaleNum": _text(16),
    "PrimaryTaxIdentifier": TEXT,
    "GSTIN": _text(15),
    "BusinessNumber": _text(10),
    "GSTRegistrationType": _text(15),
    **_ignored(
        """ARAccountRef Balance BalanceWithJobs BillWithParent CustomerTypeRef FullyQualifiedName
        IsProject Job Level OpenBalanceDate ParentRef PaymentMethodRef SecondaryTaxIdentifier
        Source TaxExemptionReasonId"""
    ),
}

_SALES_ITEM = _object(
    ItemRef=REF,
    Qty=NUMBER,
    UnitPrice=NUMBER,
    TaxCodeRef=REF,
    TaxInclusiveAmt=NUMBER,
    ServiceDate=DAY,
    **_ignored("ClassRef DiscountAmt DiscountRate ItemAccountRef MarkupInfo TaxClassificationRef"),
)
_DISCOUNT = _object(
    PercentBased=FLAG,
    DiscountPercent=NUMBER,
    TaxCodeRef=REF,
    **_ignored("ClassRef DiscountAccountRef"),
)
DETAIL_TYPES = (
    *("SalesItemLineDetail", "DiscountLineDetail", "DescriptionOnly", "SubTotalLineDetail"),
    "GroupLineDetail",
)
_LINE = _objects(
    Amount=NUMBER,
    Description=_text(4000),
    DetailType=_words(*DETAIL_TYPES),
    SalesItemLineDetail=_SALES_ITEM,
    DiscountLineDetail=_DISCOUNT,
    **_ignored(
        """Id LineNum LinkedTxn CustomField DescriptionLineDetail SubTotalLineDetail
        SubtotalLineDetail GroupLineDetail"""
    ),
)
_TAX_LINE = _objects(
    Amount=NUMBER,
    DetailType=_words("TaxLineDetail"),
    TaxLineDetail=_object(
        TaxRateRef=REF,
        PercentBased=FLAG,
        TaxPercent=NUMBER,
        NetAmountTaxable=NUMBER,
        TaxInclusiveAmount=NUMBER,
        OverrideDeltaAmount=NUMBER,
    ),
)
EMAIL_STATUSES = ("NotSet", "NeedToSend", "EmailSent")
PRINT_STATUSES = ("NotSet", "NeedToPrint", "PrintComplete")
CALCULATIONS = ("TaxExcluded", "TaxInclusive", "NotApplicable")

INVOICE: Properties = {
    **_SYSTEM,
    "Line": _LINE,
    "CustomerRef": REF,
    "CurrencyRef": REF,
    "ExchangeRate": NUMBER,
    "DocNumber": _text(21),
    "TxnDate": DAY,
    "DueDate": DAY,
    "SalesTermRef": REF,
    "BillEmail": EMAIL,
    "BillEmailCc": EMAIL,
    "BillEmailBcc": EMAIL,
    "BillAddr": ADDRESS,
    "ShipAddr": ADDRESS,
    "ShipFromAddr": ADDRESS,
    "CustomerMemo": _object(value=_text(1000)),
    "PrivateNote": _text(4000),
    "CustomField": _objects(DefinitionId=TEXT, Name=TEXT, Type=TEXT, StringValue=TEXT),
    "EmailStatus": _words(*EMAIL_STATUSES),
    "PrintStatus": _words(*PRINT_STATUSES),
    "GlobalTaxCalculation": _words(*CALCULATIONS),
    "TxnTaxDetail": _object(TxnTaxCodeRef=REF, TotalTax=NUMBER, TaxLine=_TAX_LINE),
    "ApplyTaxAfterDiscount": FLAG,
    "AllowOnlineCreditCardPayment": FLAG,
    "AllowOnlineACHPayment": FLAG,
    **_ignored(
        """AllowIPNPayment AllowOnlinePayment Balance ClassRef DeliveryInfo DepartmentRef Deposit
        DepositToAccountRef FreeFormAddress HomeBalance HomeTotalAmt InvoiceLink LinkedTxn
        ProjectRef RecurDataRef ShipDate ShipMethodRef TaxExemptionRef TotalAmt TrackingNum
        TransactionLocationType TxnSource"""
    ),
}

ENTITIES: Mapping[str, Properties] = {"Customer": CUSTOMER, "Invoice": INVOICE}
"""What can be written, by its name on the wire."""


def checked(entity: str, body: object) -> dict[str, Any]:
    """Return a body with its numbers as Decimals and without nulls.

    Raises:
        Refusal: It is no object, or has properties that are unknown, too long or of another kind.
    """
    return _object_of(entity, ENTITIES[entity], body)


def _object_of(where: str, known: Properties, value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _unlike(where, value)
    found: dict[str, Any] = {}
    for name, each in value.items():
        if name not in known:
            raise Refusal("2010", f"{where} has no property {name!r}")
        if each is not None:
            found[name] = _value(name, known[name], each)
    return found


def _value(name: str, known: Property, value: object) -> Any:
    match known.kind:
        case Kind.TEXT if isinstance(value, str):
            return _checked_text(name, known, value)
        case Kind.NUMBER:
            return _number(name, value)
        case Kind.FLAG if isinstance(value, bool):
            return value
        case Kind.DAY if isinstance(value, str):
            return _day(name, value)
        case Kind.OBJECT if not known.many:
            return _object_of(name, known.of or {}, value)
        case Kind.OBJECT if isinstance(value, list):
            return [_object_of(name, known.of or {}, each) for each in value]
        case Kind.ANY:
            return value
    raise _unlike(name, value)


def _checked_text(name: str, known: Property, text: str) -> str:
    if known.words and text not in known.words:
        raise _unlike(name, text)
    if known.most is not None and len(text) > known.most:
        detail = f"{MESSAGES['2050']} : {name} has {len(text)} characters, at most {known.most}"
        raise Refusal("2050", detail, name)
    return text


def _number(name: str, value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise _unlike(name, value)
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise _unlike(name, value) from None
    if not number.is_finite() or abs(number) >= _TOO_LARGE:
        raise _unlike(name, value)
    return number


def _day(name: str, value: str) -> str:
    try:
        return date.fromisoformat(value[:10]).isoformat()
    except ValueError:
        raise _unlike(name, value) from None


def _unlike(name: str, value: object) -> Refusal:
    return Refusal("2010", f"{name} cannot be read from {str(value)[:80]!r}")
