"""The part of Wave's GraphQL interface that the sandbox serves: what it takes, and its enums."""

from __future__ import annotations

import pycountry

COUNTRIES = " ".join(country.alpha_2 for country in pycountry.countries)

# Wave's list is ISO's of some years ago: it still has EEK or HRK, and has no BYN or VES
# (Wave sheet, section 8).
CURRENCIES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP
BYR BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EEK EGP ERN ETB EUR FJD FKP
GBP GEL GHS GIP GMD GNF GTQ GWP GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY
KES KGS KHR KMF KRW KWD KYD KZT LAK LBP LKR LRD LSL LTL LVL LYD MAD MDL MGA MKD MMK MNT MOP
MRO MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR
RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLL SOS SRD SSP STD SVC SYP SZL THB TJS TMM TND
TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VEF VND VUV WST XAF XCD XOF XPF YER ZAR ZMK ZMW ZWD
"""

_INVOICE = """
  currency: CurrencyCode, exchangeRate: Decimal, invoiceNumber: String, poNumber: String
  invoiceDate: Date, dueDate: Date, title: String, subhead: String, memo: String, footer: String
  itemTitle: String, unitTitle: String, priceTitle: String, amountTitle: String
  hideName: Boolean, hideDescription: Boolean, hideUnit: Boolean, hidePrice: Boolean
  hideAmount: Boolean, requireTermsOfServiceAgreement: Boolean
  disableCreditCardPayments: Boolean, disableBankPayments: Boolean, disableAmexPayments: Boolean
  items: [InvoiceCreateItemInput!], discounts: [InvoiceDiscountInput!]
"""

_CUSTOMER = """
  firstName: String, lastName: String, email: String, phone: String, mobile: String, fax: String
  tollFree: String, website: String, displayId: String, internalNotes: String
  currency: CurrencyCode, address: AddressInput
"""

INPUTS = f"""
enum CountryCode {{ {COUNTRIES} }}
enum CurrencyCode {{ {CURRENCIES} }}
enum AccountTypeValue {{ ASSET LIABILITY EQUITY INCOME EXPENSE }}
enum AccountSubtypeValue {{ INCOME DISCOUNTS OTHER_INCOME UNCATEGORIZED_INCOME CASH_AND_BANK
  MONEY_IN_TRANSIT RECEIVABLE RECEIVABLE_INVOICES SALES_TAX EXPENSE COST_OF_GOODS_SOLD
  PAYMENT_PROCESSING_FEES PAYROLL_EXPENSES }}
enum ProductSort {{ NAME_ASC NAME_DESC CREATED_AT_ASC CREATED_AT_DESC MODIFIED_AT_ASC
  MODIFIED_AT_DESC }}
enum CustomerSort {{ NAME_ASC NAME_DESC CREATED_AT_ASC CREATED_AT_DESC MODIFIED_AT_ASC
  MODIFIED_AT_DESC }}
enum InvoiceSort {{ AMOUNT_DUE_ASC AMOUNT_DUE_DESC AMOUNT_PAID_ASC AMOUNT_PAID_DESC CREATED_AT_ASC
  CREATED_AT_DESC CUSTOMER_NAME_ASC CUSTOMER_NAME_DESC DUE_AT_ASC DUE_AT_DESC INVOICE_DATE_ASC
  INVOICE_DATE_DESC INVOICE_NUMBER_ASC INVOICE_NUMBER_DESC MODIFIED_AT_ASC MODIFIED_AT_DESC
  STATUS_ASC STATUS_DESC TOTAL_ASC TOTAL_DESC }}
enum InvoiceStatus {{ DRAFT SAVED UNPAID SENT VIEWED PARTIAL PAID OVERDUE OVERPAID }}
enum InvoiceCreateStatus {{ DRAFT SAVED }}
enum InvoiceDiscountType {{ FIXED PERCENTAGE }}
enum InvoiceSendMethod {{ WAVE MARKED_SENT SHARED_LINK EXPORT_PDF GMAIL OUTLOOK YAHOO SKIPPED
  NOT_SENT }}
enum InvoicePaymentMethod {{ BANK_TRANSFER CASH CHEQUE CREDIT_CARD OTHER PAYPAL UNSPECIFIED }}

input AddressInput {{ addressLine1: String, addressLine2: String, city: String,
  postalCode: String, provinceCode: String, countryCode: CountryCode }}
input CustomerShippingDetailsInput {{ name: String, phone: String, instructions: String,
  address: AddressInput }}
input CustomerPatchShippingDetailsInput {{ name: String, phone: String, instructions: String,
  address: AddressInput }}
input CustomerCreateInput {{ businessId: ID!, name: String!
  shippingDetails: CustomerShippingDetailsInput {_CUSTOMER} }}
input CustomerPatchInput {{ id: ID!, name: String
  shippingDetails: CustomerPatchShippingDetailsInput {_CUSTOMER} }}

input ProductCreateInput {{ businessId: ID!, name: String!, unitPrice: Decimal!,
  description: String, incomeAccountId: ID, expenseAccountId: ID, defaultSalesTaxIds: [ID!] }}
input SalesTaxCreateInput {{ businessId: ID!, name: String!, abbreviation: String!,
  rate: Decimal!, description: String, taxNumber: String, showTaxNumberOnInvoices: Boolean,
  isCompound: Boolean, isRecoverable: Boolean }}

input InvoiceCreateItemTaxInput {{ salesTaxId: ID!, amount: Decimal }}
input InvoiceCreateItemInput {{ productId: ID!, description: String, quantity: Decimal,
  unitPrice: Decimal, taxes: [InvoiceCreateItemTaxInput!] }}
input InvoiceDiscountInput {{ discountType: InvoiceDiscountType!, name: String, amount: Decimal,
  percentage: Decimal }}
input InvoiceCreateInput {{ businessId: ID!, customerId: ID!
  status: InvoiceCreateStatus = DRAFT {_INVOICE} }}
input InvoicePatchInput {{ id: ID!, customerId: ID, status: InvoiceCreateStatus {_INVOICE} }}
input InvoiceApproveInput {{ invoiceId: ID! }}
input InvoiceSendInput {{ invoiceId: ID!, to: [String!]!, subject: String, message: String,
  attachPDF: Boolean! = false, ccMyself: Boolean, fromAddress: String }}
input InvoiceMarkSentInput {{ invoiceId: ID!, sendMethod: InvoiceSendMethod!, sentAt: DateTime }}
input InvoiceCloneInput {{ invoiceId: ID! }}
input InvoiceDeleteInput {{ invoiceId: ID! }}
input InvoicePaymentCreateManualInput {{ invoiceId: ID!, paymentAccountId: ID!,
  amount: Decimal!, paymentDate: Date!, paymentMethod: InvoicePaymentMethod!,
  exchangeRate: Decimal!, memo: String }}
input InvoicePaymentDeleteInput {{ id: ID! }}
"""
