"""What stands before every QuickBooks company: tokens, rights, limits (sheet, sections 4.12, 6)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.responses import Response

from kommo_invoice.sandbox.quickbooks_answers import clock
from kommo_invoice.sandbox.quickbooks_faults import gateway_body, service_fault
from kommo_invoice.sandbox.quickbooks_oauth import ACCOUNTING, PROVIDER
from kommo_invoice.sandbox.quickbooks_xml import to_xml

if TYPE_CHECKING:
    from kommo_invoice.sandbox.grants import Family
    from kommo_invoice.sandbox.quickbooks_oauth import QuickBooksOAuth
    from kommo_invoice.sandbox.quickbooks_state import QuickBooksState

XML = "application/xml;charset=utf-8"


class Gate:
    """Lets requests through to their company, or says why not.

    Args:
        state: The companies.
        oauth: Whose token it is.
    """

    def __init__(self, state: QuickBooksState, oauth: QuickBooksOAuth) -> None:
        self._state = state
        self._oauth = oauth

    def refusal(
        self, realm: str, authorization: str, is_batch: bool, is_read: bool
    ) -> Response | None:
        """Return the answer to a request that goes no further; None for one that does.

        Args:
            realm: The company in the path.
            authorization: The header.
            is_batch: Whether the limit of batches counts as well.
            is_read: Whether the month's quota counts it.
        """
        scheme, _, token = authorization.partition(" ")
        world = self._state.world
        self._oauth.expire(token)
        if scheme.casefold() != "bearer" or token not in world.tokens[PROVIDER]:
            return self._stranger(token)
        family = self._oauth.family_of(token)
        if family is not None and ACCOUNTING not in (family.scopes or ()):
            return self._forbidden("AuthorizationFailed")
        if not self._may_enter(family, realm):
            return self._forbidden("ApplicationAuthorizationFailed")
        if self._is_too_much(realm, "" if family is None else family.client_id, is_batch):
            return self._throttled()
        return self._counted() if is_read else None

    def _may_enter(self, family: Family | None, realm: str) -> bool:
        """Whether the token is for that company, and its keys are for that kind of company."""
        company = self._state.companies.get(realm)
        if company is None or family is None:
            return company is not None
        is_production = family.client_id in self._oauth.production
        return family.business == realm and company.settings.is_sandbox is not is_production

    def _is_too_much(self, realm: str, client_id: str, is_batch: bool) -> bool:
        rules = self._state.rules
        limits = [
            (f"{PROVIDER} {realm}", rules.requests_per_minute, 60.0),
            (f"{PROVIDER} {realm} {client_id} second", rules.requests_per_second, 1.0),
        ]
        if is_batch:
            limits.append((f"{PROVIDER} {realm} batch", rules.batches_per_minute, 60.0))
        return any(self._state.world.over_rate(*limit) is not None for limit in limits)

    def _counted(self) -> Response | None:
        """Count a read against the month's quota."""
        rules = self._state.rules
        if rules.reads_left is None:
            return None
        if rules.reads_left <= 0:
            return self._throttled()
        rules.reads_left -= 1
        return None

    def _throttled(self) -> Response:
        """Answer 429, which is XML whatever is accepted, and says nothing of how long."""
        fault = service_fault(429, "3001", "ThrottleExceeded")
        body = to_xml({"Fault": fault, "time": clock(self._state.world.now())})
        return Response(body, 429, media_type=XML)

    def _stranger(self, token: str) -> Response:
        """Answer 401, with the token in the body as the real one has it."""
        why = "expired" if token in self._state.world.expired else "invalid"
        detail = f"Token {why}: {token}"
        body = gateway_body(
            401, "3200", "AuthenticationFailed", "AUTHENTICATION", detail, self._at_ms()
        )
        headers = {"www-authenticate": 'Bearer realm="Intuit", error="invalid_token"'}
        return Response(json.dumps(body), 401, headers, "application/json")

    def _forbidden(self, name: str) -> Response:
        """Answer 403, whose fault has the form of the 401's."""
        body = gateway_body(403, "3100", name, "SERVICE", None, self._at_ms())
        return Response(json.dumps(body), 403, media_type="application/json")

    def _at_ms(self) -> int:
        return int(self._state.world.now().timestamp() * 1000)
