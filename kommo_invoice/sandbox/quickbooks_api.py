"""Intuit's interface to companies: gates, resources, request ids, envelopes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from kommo_invoice.sandbox.exact_json import decode, encode
from kommo_invoice.sandbox.quickbooks_answers import clock, company_info, preferences, shown
from kommo_invoice.sandbox.quickbooks_batch import batch, write
from kommo_invoice.sandbox.quickbooks_faults import Refusal, inactive
from kommo_invoice.sandbox.quickbooks_gate import Gate
from kommo_invoice.sandbox.quickbooks_query import change_log, query
from kommo_invoice.sandbox.quickbooks_replay import LONGEST, LONGEST_OF_BATCH, Replays, Reply
from kommo_invoice.sandbox.quickbooks_select import parse
from kommo_invoice.sandbox.quickbooks_sending import pdf, send_invoice
from kommo_invoice.sandbox.quickbooks_xml import to_xml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.types import Scope

    from kommo_invoice.sandbox.quickbooks_oauth import QuickBooksOAuth
    from kommo_invoice.sandbox.quickbooks_state import Company, QuickBooksState, Record

ROOT = "/v3/company/"
JSON, TEXT, PDF = "application/json", "application/text", "application/pdf"
KINDS: Mapping[str, str] = {
    kind.lower(): kind
    for kind in ("Customer", "Vendor", "Employee", "Item", "Term", "TaxCode", "TaxRate")
} | {"invoice": "Invoice", "payment": "Payment", "companycurrency": "CompanyCurrency"}
"""Resource -> the kind of record that can be read there by id."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a company.

    Args:
        rest: What follows the resource in the path: an id, an id and an act.
    """

    method: str
    realm: str
    resource: str
    rest: tuple[str, ...]
    params: Mapping[str, str]
    accept: str
    content_type: str
    body: bytes

    @property
    def include(self) -> frozenset[str]:
        """The extras that are asked for."""
        return frozenset(self.params.get("include", "").split(","))

    @property
    def sends(self) -> bool:
        """Whether it mails an invoice."""
        return self.method == "POST" and self.rest[1:] == ("send",)

    @property
    def fingerprint(self) -> bytes:
        """What tells two requests apart that have one request id."""
        where = "/".join((self.method, self.resource, *self.rest))
        return f"{where} {self.params.get('operation', '')} ".encode() + self.body


def operation_of(scope: Scope, body: bytes) -> str:
    """Return what a request asks for, in the words that fault rules use.

    ``POST /invoice``, ``POST /invoice update`` (the body has an Id), ``POST /invoice void``,
    ``POST /invoice/send``, ``GET /invoice`` (one by its id), ``GET /query Customer``,
    ``GET /cdc Invoice,Payment``, ``POST /batch``; elsewhere method and path.
    """
    method, path = scope["method"], scope["path"]
    if not path.startswith(ROOT):
        return f"{method} {path}"
    _, _, inside = path.removeprefix(ROOT).partition("/")
    resource, *rest = inside.split("/")
    params = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    name = "/".join([f"{method} /{resource}", *rest[1:]])
    about = ""
    match resource:
        case "query":
            about = _asked_for(params.get("query") or body.decode("utf-8", errors="replace"))
        case "cdc":
            about = params.get("entities", "")
        case _ if method == "POST" and not rest:
            about = params.get("operation") or ("update" if _has_id(body) else "")
    return f"{name} {about}".rstrip()


def _asked_for(statement: str) -> str:
    try:
        return parse(statement).entity
    except Refusal:
        return "invalid"


def _has_id(body: bytes) -> bool:
    try:
        return "Id" in json.loads(body)
    except (ValueError, TypeError):
        return False


class QuickBooksApi:
    """The application that answers for all companies.

    Args:
        state: The companies.
        oauth: The way to tokens, and what each may do.
    """

    def __init__(self, state: QuickBooksState, oauth: QuickBooksOAuth) -> None:
        self._state = state
        self._gate = Gate(state, oauth)
        self._replays = Replays(state.world, state.rules)
        self.app = Starlette(
            routes=[
                Route(ROOT + "{path:path}", self._answer, methods=["GET", "POST"]),
                *oauth.routes(),
            ]
        )
        self.app.router.redirect_slashes = False

    async def _answer(self, request: Request) -> Response:
        headers = request.headers
        realm, _, path = request.path_params["path"].partition("/")
        resource, *rest = path.split("/")
        call = Call(
            method=request.method,
            realm=realm,
            resource=resource,
            rest=tuple(rest),
            params=dict(request.query_params),
            accept=headers.get("accept", ""),
            content_type=headers.get("content-type", "").partition(";")[0].strip().lower(),
            body=await request.body(),
        )
        with self._state.world.lock:
            response = self._handle(call, headers.get("authorization", ""))
            tid = self._state.world.ids.next("quickbooks.tid")
        response.headers["intuit_tid"] = f"1-{tid:08x}"
        response.headers["Qbo-Version"] = "1951.161"
        return response

    def _handle(self, call: Call, authorization: str) -> Response:
        counts = (call.resource == "batch", call.method == "GET" or call.resource == "query")
        refused = self._gate.refusal(call.realm, authorization, *counts)
        if refused is not None:
            return refused
        company = self._state.companies[call.realm]
        try:
            if (call.method, call.resource, call.rest[1:]) == ("GET", "invoice", ("pdf",)):
                return self._pdf(company, call)
            reply = self._once(company, call)
        except Refusal as refusal:
            reply = Reply(refusal.status, {"Fault": refusal.fault})
        return self._rendered(call, reply)

    def _once(self, company: Company, call: Call) -> Reply:
        """Do what is asked, unless the request id says that it was done (sheet, section 5)."""
        rules, request_id = self._state.rules, call.params.get("requestid", "")
        repeatable = call.sends and not rules.send_replays
        if call.method == "GET" or call.resource == "query" or not request_id or repeatable:
            return Reply(200, self._done(company, call))
        most = LONGEST_OF_BATCH if call.resource == "batch" else LONGEST
        if len(request_id) > most:
            raise Refusal("2050", f"A requestid has at most {most} characters", "requestid")
        kept = self._replays.find(call.realm, request_id, call.fingerprint)
        if kept is not None:
            return kept
        try:
            reply = Reply(200, self._done(company, call))
        except Refusal as refusal:
            if not rules.failures_kept:
                raise
            reply = Reply(refusal.status, {"Fault": refusal.fault})
        self._replays.keep(call.realm, request_id, call.fingerprint, reply)
        return reply

    def _done(self, company: Company, call: Call) -> dict[str, Any]:
        """Return the envelope's content.

        Raises:
            Refusal: The resource is not known, or refuses.
        """
        match call.method, call.resource, call.rest:
            case "GET", "query", ():
                statement = call.params.get("query", "")
                return {"QueryResponse": query(company, statement, call.include)}
            case "POST", "query", ():
                # A statement in the address, or a body of JSON, is no query (sheet, section 4.0).
                text = call.body.decode(errors="replace") if call.content_type == TEXT else ""
                return {"QueryResponse": query(company, text, call.include)}
            case "GET", "cdc", ():
                asked = (call.params.get(name, "") for name in ("entities", "changedSince"))
                return {"CDCResponse": [{"QueryResponse": change_log(company, *asked)}]}
            case "GET", "preferences", ():
                return {"Preferences": preferences(company)}
            case "GET", "companyinfo", (realm,):
                if realm != company.realm:
                    raise inactive("CompanyInfo")
                return {"CompanyInfo": company_info(company)}
            case "GET", resource, (record_id,) if resource in KINDS:
                kind = KINDS[resource]
                return {kind: shown(company, self._read(company, kind, record_id), call.include)}
            case "POST", "invoice", (record_id, "send"):
                return self._sent(company, call, record_id)
            case "POST", "batch", ():
                return {"BatchItemResponse": batch(company, _json(call))}
            case "POST", resource, ():
                asked_for = call.params.get("operation", "")
                return write(company, resource, asked_for, _json(call), call.include)
        where = "/".join((call.resource, *call.rest))
        raise Refusal("500", f"Operation {call.method} {where} is not supported.")

    def _pdf(self, company: Company, call: Call) -> Response:
        if PDF not in call.accept:
            raise Refusal("500", f"An invoice's PDF is no {call.accept}", status=406)
        invoice = self._read(company, "Invoice", call.rest[0])
        return Response(pdf(invoice), media_type=PDF)

    def _read(self, company: Company, kind: str, record_id: str) -> Record:
        if not record_id.isdigit():
            raise Refusal("2030", f"An id is a number, not {record_id}", "Id")
        record = company.table(kind).find(record_id)
        if record is None:
            refusal = inactive(kind)
            refusal.status = self._state.rules.missing_status
            raise refusal
        return record

    def _sent(self, company: Company, call: Call, record_id: str) -> dict[str, Any]:
        if company.settings.lapsed:
            raise Refusal("6190", "The company's subscription has ended")
        invoice = self._read(company, "Invoice", record_id)
        to = call.params.get("sendTo")
        sent = send_invoice(self._state, company, invoice, call.content_type, to)
        return {"Invoice": shown(company, sent, call.include)}

    def _rendered(self, call: Call, reply: Reply) -> Response:
        envelope = {**reply.content, "time": clock(self._state.world.now())}
        status = 200 if self._state.rules.faults_with_200 else reply.status
        if JSON in call.accept:
            return Response(encode(envelope), status, media_type=f"{JSON};charset=utf-8")
        return Response(to_xml(envelope), status, media_type="application/xml;charset=utf-8")


def _json(call: Call) -> Any:
    """Return the body.

    Raises:
        Refusal: It is no JSON, or does not say that it is.
    """
    if call.content_type != JSON:
        raise Refusal("500", f"The media type {call.content_type!r} is not supported", status=415)
    try:
        return decode(call.body)
    except ValueError:
        raise Refusal("2010", "The request's body is no JSON") from None
