"""The part of Wave's GraphQL interface that the sandbox serves, in its own layout: what it answers.

A contract test holds it to be a true subset of the real one (Wave sheet, sections 4, 8 and 13):
same names, types, defaults and enum values, only fewer of them. Its inputs are in ``wave_inputs``.
"""

from __future__ import annotations

_LIST = "page: Int = 1, pageSize: Int = 45, modifiedAtAfter: DateTime, modifiedAtBefore: DateTime"

OUTPUTS = f"""
scalar Date
scalar DateTime
scalar Decimal

type Query {{
  user: User
  businesses(page: Int = 1, pageSize: Int = 10, isArchived: Boolean): BusinessConnection
  business(id: ID): Business
}}

type User {{ id: ID!, defaultEmail: String, firstName: String, lastName: String,
  createdAt: DateTime!, modifiedAt: DateTime! }}

type Business {{
  id: ID!, name: String!, createdAt: DateTime!, modifiedAt: DateTime!
  isPersonal: Boolean!, isArchived: Boolean!, emailSendEnabled: Boolean!
  isClassicAccounting: Boolean! @deprecated(reason: "gone")
  isClassicInvoicing: Boolean! @deprecated(reason: "gone")
  currency: Currency!, timezone: String, address: Address, phone: String, website: String
  account(id: ID!): Account
  accounts(types: [AccountTypeValue!], subtypes: [AccountSubtypeValue!],
    excludedSubtypes: [AccountSubtypeValue!], isArchived: Boolean = false,
    page: Int = 1, pageSize: Int = 45): AccountConnection
  salesTax(id: ID!): SalesTax
  salesTaxes({_LIST}, isArchived: Boolean = false): SalesTaxConnection
  product(id: ID!): Product
  products({_LIST}, isArchived: Boolean = false, isSold: Boolean, isBought: Boolean,
    sort: [ProductSort!]! = [CREATED_AT_DESC]): ProductConnection
  customer(id: ID!): Customer
  customers({_LIST}, email: String,
    sort: [CustomerSort!]! = [CREATED_AT_DESC]): CustomerConnection
  invoice(id: ID!): Invoice
  invoices({_LIST}, status: InvoiceStatus, customerId: ID, currency: CurrencyCode,
    amountDue: Decimal, invoiceDateStart: Date, invoiceDateEnd: Date, invoiceNumber: String,
    sourceId: ID, sort: [InvoiceSort!]! = [CREATED_AT_DESC]): InvoiceConnection
  invoicePayment(id: ID!): InvoicePayment
}}

type OffsetPageInfo {{ currentPage: Int!, totalPages: Int, totalCount: Int }}
type BusinessConnection {{ pageInfo: OffsetPageInfo!, edges: [BusinessEdge!]! }}
type BusinessEdge {{ node: Business }}
type AccountConnection {{ pageInfo: OffsetPageInfo!, edges: [AccountEdge!]! }}
type AccountEdge {{ node: Account }}
type SalesTaxConnection {{ pageInfo: OffsetPageInfo!, edges: [SalesTaxEdge!]! }}
type SalesTaxEdge {{ node: SalesTax }}
type ProductConnection {{ pageInfo: OffsetPageInfo!, edges: [ProductEdge!]! }}
type ProductEdge {{ node: Product! }}
type CustomerConnection {{ pageInfo: OffsetPageInfo!, edges: [CustomerEdge!]! }}
type CustomerEdge {{ node: Customer }}
type InvoiceConnection {{ pageInfo: OffsetPageInfo!, edges: [InvoiceEdge!]! }}
type InvoiceEdge {{ node: Invoice! }}

type Currency {{ code: CurrencyCode!, exponent: Int!, name: String!, plural: String!,
  symbol: String! }}
type Country {{ code: CountryCode!, name: String! }}
type Province {{ code: String!, name: String! }}
type Address {{ addressLine1: String, addressLine2: String, city: String, postalCode: String,
  province: Province, country: Country }}
type Money {{ value: String!, minorUnitValue: Decimal!, currency: Currency!
  raw: Int! @deprecated(reason: "overflows") }}

type AccountType {{ name: String!, value: AccountTypeValue! }}
type AccountSubtype {{ name: String!, value: AccountSubtypeValue!, type: AccountType! }}
type Account {{ id: ID!, name: String!, type: AccountType!, subtype: AccountSubtype!,
  currency: Currency!, isArchived: Boolean! }}

type SalesTaxRate {{ effective: Date!, rate: Decimal! }}
type SalesTax {{ id: ID!, name: String!, abbreviation: String!, description: String,
  taxNumber: String, showTaxNumberOnInvoices: Boolean!, rate(for: Date): Decimal!,
  rates: [SalesTaxRate!]!, isCompound: Boolean!, isRecoverable: Boolean!, isArchived: Boolean!,
  createdAt: DateTime!, modifiedAt: DateTime!
  internalId: String @deprecated(reason: "use id") }}

type Product {{ id: ID!, name: String!, description: String, unitPrice: Decimal!,
  isSold: Boolean!, isBought: Boolean!, isArchived: Boolean!, incomeAccount: Account,
  expenseAccount: Account, defaultSalesTaxes: [SalesTax!]!,
  createdAt: DateTime!, modifiedAt: DateTime!
  internalId: String @deprecated(reason: "use id") }}

type CustomerShippingDetails {{ name: String, phone: String, instructions: String,
  address: Address }}
type Customer {{ id: ID!, name: String!, firstName: String, lastName: String, email: String,
  phone: String, mobile: String, fax: String, tollFree: String, website: String,
  displayId: String, internalNotes: String, currency: Currency, address: Address,
  shippingDetails: CustomerShippingDetails, outstandingAmount: Money!, overdueAmount: Money!,
  isArchived: Boolean, createdAt: DateTime!, modifiedAt: DateTime!, business: Business!
  internalId: String @deprecated(reason: "use id") }}

interface InvoiceDiscount {{ name: String, createdAt: DateTime!, modifiedAt: DateTime! }}
type FixedInvoiceDiscount implements InvoiceDiscount {{ name: String, amount: Decimal,
  createdAt: DateTime!, modifiedAt: DateTime! }}
type PercentageInvoiceDiscount implements InvoiceDiscount {{ name: String, percentage: Decimal,
  createdAt: DateTime!, modifiedAt: DateTime! }}

type InvoiceItemTax {{ salesTax: SalesTax!, amount: Money
  rate: Decimal @deprecated(reason: "use salesTax.rate") }}
type InvoiceItem {{ id: ID!, product: Product!, account: Account!, description: String,
  quantity: Decimal!, unitPrice: Decimal!, subtotal: Money!, taxes: [InvoiceItemTax!]!,
  total: Money!
  price: Decimal! @deprecated(reason: "use unitPrice") }}

type Invoice {{
  id: ID!, invoiceNumber: String!, poNumber: String, status: InvoiceStatus!, customer: Customer!
  business: Business!, createdAt: DateTime!, modifiedAt: DateTime!
  internalId: String @deprecated(reason: "use id")
  invoiceDate: Date!, dueDate: Date!, currency: Currency!, exchangeRate: Decimal!
  title: String!, subhead: String, memo: String, footer: String
  itemTitle: String!, unitTitle: String!, priceTitle: String!, amountTitle: String!
  hideName: Boolean!, hideDescription: Boolean!, hideUnit: Boolean!, hidePrice: Boolean!
  hideAmount: Boolean!, requireTermsOfServiceAgreement: Boolean!
  disableCreditCardPayments: Boolean!, disableBankPayments: Boolean!
  disableAmexPayments: Boolean!
  items: [InvoiceItem!], discounts: [InvoiceDiscount!], payments: [InvoicePayment]
  subtotal: Money!, discountTotal: Money!, taxTotal: Money!, total: Money!
  amountDue: Money!, amountPaid: Money!, pdfUrl: String!, viewUrl: String!
  lastSentAt: DateTime, lastSentVia: InvoiceSendMethod, lastViewedAt: DateTime
}}

type InvoicePayment {{ id: ID!, amount: String, paymentDate: Date, paymentMethod: String,
  memo: String, state: String, transactionType: String, active: Boolean,
  originInvoicePayment: InvoicePayment, exchangeRate: Decimal!, paymentCurrency: Currency,
  invoiceCurrency: Currency, businessCurrency: Currency, account: Account!, invoice: Invoice,
  customer: Customer, createdAt: DateTime!, modifiedAt: DateTime! }}

type InputError {{ path: [String!], message: String, code: String }}
type CustomerCreateOutput {{ didSucceed: Boolean!, inputErrors: [InputError!],
  customer: Customer }}
type CustomerPatchOutput {{ didSucceed: Boolean!, inputErrors: [InputError!],
  customer: Customer }}
type ProductCreateOutput {{ didSucceed: Boolean!, inputErrors: [InputError!], product: Product }}
type SalesTaxCreateOutput {{ didSucceed: Boolean!, inputErrors: [InputError!],
  salesTax: SalesTax }}
type InvoiceCreateOutput {{ didSucceed: Boolean!, inputErrors: [InputError!], invoice: Invoice }}
type InvoicePatchOutput {{ didSucceed: Boolean!, inputErrors: [InputError!], invoice: Invoice }}
type InvoiceApproveOutput {{ didSucceed: Boolean!, inputErrors: [InputError!], invoice: Invoice }}
type InvoiceSendOutput {{ didSucceed: Boolean!, inputErrors: [InputError!], invoice: Invoice }}
type InvoiceMarkSentOutput {{ didSucceed: Boolean!, inputErrors: [InputError!],
  invoice: Invoice }}
type InvoiceCloneOutput {{ didSucceed: Boolean!, inputErrors: [InputError!], invoice: Invoice }}
type InvoiceDeleteOutput {{ didSucceed: Boolean!, inputErrors: [InputError!] }}
type InvoicePaymentCreateManualOutput {{ didSucceed: Boolean!, inputErrors: [InputError!],
  invoicePayment: InvoicePayment }}
type InvoicePaymentDeleteOutput {{ didSucceed: Boolean!, inputErrors: [InputError!] }}

type Mutation {{
  customerCreate(input: CustomerCreateInput!): CustomerCreateOutput
  customerPatch(input: CustomerPatchInput!): CustomerPatchOutput
  productCreate(input: ProductCreateInput!): ProductCreateOutput
  salesTaxCreate(input: SalesTaxCreateInput!): SalesTaxCreateOutput!
  invoiceCreate(input: InvoiceCreateInput!): InvoiceCreateOutput
  invoicePatch(input: InvoicePatchInput!): InvoicePatchOutput
  invoiceApprove(input: InvoiceApproveInput!): InvoiceApproveOutput
  invoiceSend(input: InvoiceSendInput!): InvoiceSendOutput
  invoiceMarkSent(input: InvoiceMarkSentInput!): InvoiceMarkSentOutput
  invoiceClone(input: InvoiceCloneInput!): InvoiceCloneOutput
  invoiceDelete(input: InvoiceDeleteInput!): InvoiceDeleteOutput
  invoicePaymentCreateManual(
    input: InvoicePaymentCreateManualInput!): InvoicePaymentCreateManualOutput
  invoicePaymentDelete(input: InvoicePaymentDeleteInput!): InvoicePaymentDeleteOutput
}}
"""
