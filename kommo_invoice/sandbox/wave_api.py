"""Wave's one endpoint: limits, documents, variables, tokens, execution, and errors as Wave's."""

from __future__ import annotations

import json
import math
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, execute_sync, get_operation_ast
from graphql.execution.values import get_variable_values
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from kommo_invoice.sandbox import wave_catalog, wave_invoicing, wave_sending
from kommo_invoice.sandbox.wave_fields import FIELDS, discount_type
from kommo_invoice.sandbox.wave_graphql import fields_of, make_schema, mistakes, parsed
from kommo_invoice.sandbox.wave_refusals import mutation
from kommo_invoice.sandbox.wave_state import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import DocumentNode, OperationDefinitionNode
    from starlette.requests import Request
    from starlette.responses import Response

    from kommo_invoice.sandbox.wave_oauth import WaveOAuth
    from kommo_invoice.sandbox.wave_state import WaveState

NAME = "wave"
PATH = "/graphql/public"

SCHEMA = make_schema(
    {
        **FIELDS,
        "Mutation": {
            "customerCreate": mutation("customer", wave_catalog.create_customer),
            "customerPatch": mutation("customer", wave_catalog.patch_customer),
            "productCreate": mutation("product", wave_catalog.create_product),
            "salesTaxCreate": mutation("salesTax", wave_catalog.create_tax),
            "invoiceCreate": mutation("invoice", wave_invoicing.create_invoice),
            "invoicePatch": mutation("invoice", wave_invoicing.patch_invoice),
            "invoiceClone": mutation("invoice", wave_invoicing.clone_invoice),
            "invoiceApprove": mutation("invoice", wave_sending.approve_invoice),
            "invoiceSend": mutation("invoice", wave_sending.send_invoice),
            "invoiceMarkSent": mutation("invoice", wave_sending.mark_sent),
            "invoiceDelete": mutation(None, wave_sending.delete_invoice),
            "invoicePaymentCreateManual": mutation("invoicePayment", wave_sending.create_payment),
            "invoicePaymentDelete": mutation(None, wave_sending.delete_payment),
        },
    },
    {"InvoiceDiscount": discount_type},
)


class _BadRequest(Exception):
    """The body is no GraphQL request."""


def operation_of(body: bytes) -> str:
    """Return what a request asks for: a mutation's field (``invoiceCreate``), a query's name.

    Several fields are joined by commas; a query without a name goes by its fields.
    """
    try:
        asked = _read(body)
        document = parsed(asked["query"])
    except (_BadRequest, GraphQLError):
        return "invalid"
    operation = get_operation_ast(document, asked["operationName"])
    if operation is None:
        return "invalid"
    if operation.operation.value == "query" and operation.name is not None:
        return operation.name.value
    return ",".join(fields_of(document, operation))


class WaveApi:
    """The application that answers for one Wave user's books.

    Args:
        state: The books.
        oauth: The way to tokens, and what each may do.
    """

    def __init__(self, state: WaveState, oauth: WaveOAuth) -> None:
        self._state = state
        self._oauth = oauth
        self.app = Starlette(routes=[Route(PATH, self._answer, methods=["POST"]), *oauth.routes()])
        self.app.router.redirect_slashes = False

    async def _answer(self, request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        bearer = token if scheme.casefold() == "bearer" else ""
        body = await request.body()
        with self._state.world.lock:
            return self._handle(bearer, body)

    def _handle(self, token: str, body: bytes) -> Response:
        """Answer as far as the request is right.

        A document is checked before its variables, and both before the token, which is how the
        real interface can be probed without one (Wave sheet, section 2).
        """
        rules, world = self._state.rules, self._state.world
        wait = world.over_rate(f"{NAME} {token}", rules.requests_per_minute, 60.0)
        if wait is not None:
            message = "Request was throttled. The rate limit is exceeded."
            errors = [self._error(GraphQLError(message), "RATE_LIMITED")]
            headers = {"retry-after": str(math.ceil(wait))}
            return JSONResponse({"errors": errors}, 429, headers)
        try:
            asked = _read(body)
            document = parsed(asked["query"])
        except _BadRequest as error:
            return self._refuse([GraphQLError(str(error))], "BAD_REQUEST", rules.invalid_status)
        except GraphQLError as error:
            return self._refuse([error], "GRAPHQL_PARSE_FAILED", rules.invalid_status)
        wrong = mistakes(SCHEMA, document)
        operation = get_operation_ast(document, asked["operationName"])
        if operation is None and not wrong:
            wrong = (GraphQLError("The operation to run has to be named."),)
        if wrong or operation is None:
            return self._refuse(wrong, "GRAPHQL_VALIDATION_FAILED", rules.invalid_status)
        variables = get_variable_values(
            SCHEMA, operation.variable_definitions or (), asked["variables"]
        )
        if isinstance(variables, list):
            return self._refuse(variables, "BAD_USER_INPUT", rules.invalid_status)
        fields = fields_of(document, operation)
        introspection = all(name.startswith("__") for name in fields)
        self._oauth.expire(token)
        if token not in world.tokens[NAME] and not introspection:
            stranger = GraphQLError("You are not authenticated.")
            return self._refuse([stranger], "UNAUTHENTICATED", rules.unauthenticated_status)
        lacking = self._oauth.lacking(token, fields)
        if lacking is not None:
            return self._refuse([GraphQLError(f"This takes {lacking}.")], "FORBIDDEN", 403)
        family = self._oauth.family_of(token)
        self._state.only = None if family is None else family.business
        try:
            return self._execute(document, operation, asked["variables"])
        finally:
            self._state.only = None

    def _execute(
        self, document: DocumentNode, operation: OperationDefinitionNode, variables: dict[str, Any]
    ) -> Response:
        name = operation.name.value if operation.name else None
        result = execute_sync(SCHEMA, document, None, self._state, variables, name)
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [
                self._error(
                    error,
                    "NOT_FOUND"
                    if isinstance(error.original_error, NotFound)
                    else "INTERNAL_SERVER_ERROR",
                )
                for error in result.errors
            ]
        return JSONResponse(answer)

    def _refuse(self, errors: Sequence[GraphQLError], code: str, status: int) -> Response:
        return JSONResponse({"errors": [self._error(error, code) for error in errors]}, status)

    def _error(self, error: GraphQLError, code: str) -> dict[str, Any]:
        number = self._state.world.ids.next("wave.error")
        error_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{PATH}#{number}")
        return {**error.formatted, "extensions": {"id": str(error_id), "code": code}}


def _read(body: bytes) -> dict[str, Any]:
    """Return the request's query, variables and operation name; numbers do not become floats."""
    try:
        asked = json.loads(body, parse_float=Decimal)
    except ValueError:
        raise _BadRequest("The body is no JSON.") from None
    if not isinstance(asked, dict) or not isinstance(asked.get("query"), str):
        raise _BadRequest("The body is no object with a query.")
    variables = asked.get("variables")
    if variables is not None and not isinstance(variables, dict):
        raise _BadRequest("The variables are no object.")
    name = asked.get("operationName") or None
    return {"query": asked["query"], "variables": variables or {}, "operationName": name}
