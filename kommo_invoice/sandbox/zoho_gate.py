"""What stands before every Zoho organisation: tokens, scopes, limits (sheet, sections 6, 9.2)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from kommo_invoice.sandbox.zoho_faults import (
    MALFORMED_TOKEN,
    MANY_ORGANIZATIONS,
    NOT_MEMBER,
    UNAUTHORISED,
    Refusal,
)
from kommo_invoice.sandbox.zoho_oauth import PROVIDER

if TYPE_CHECKING:
    from kommo_invoice.sandbox.zoho_oauth import ZohoOAuth
    from kommo_invoice.sandbox.zoho_state import Organization, ZohoState

BLOCK = timedelta(hours=1)
DAILY, MINUTE, BLOCKED, BUSY = 45, 44, 43, 1070
_TOKEN = re.compile(r"1000\.[\w-]+\.[\w-]+")


class Blocked(Refusal):
    """429; ``retry_after`` is None where the answer does not say."""

    def __init__(self, code: int, message: str, retry_after: int | None = None) -> None:
        super().__init__(code, message, status=429)
        self.retry_after = retry_after


class Gate:
    """Lets requests through to their organisation, or says why not.

    Args:
        state: The organisations.
        oauth: Whose token it is.
    """

    def __init__(self, state: ZohoState, oauth: ZohoOAuth) -> None:
        self._state = state
        self._oauth = oauth

    def check_token(self, authorization: str, scope: str) -> None:
        """Check who asks.

        Args:
            authorization: The header.
            scope: What the request takes: ``invoices.CREATE``.

        Raises:
            Refusal: 401 with code 14 for what is no token, 57 for a dead one and one that may
                not do this.
        """
        scheme, _, token = authorization.partition(" ")
        schemes = {"zoho-oauthtoken"} | ({"bearer"} if self._state.rules.bearer else set())
        if scheme.casefold() not in schemes or not _TOKEN.fullmatch(token):
            raise Refusal(MALFORMED_TOKEN, "Invalid value passed for authtoken.", status=401)
        self._oauth.expire(token)
        is_alive = token in self._state.world.tokens[PROVIDER] and not self._oauth.is_elsewhere
        if not is_alive or self._oauth.lacks(token, scope):
            message = "You are not authorized to perform this operation"
            raise Refusal(UNAUTHORISED, message, status=401)

    def organization(self, wanted: str) -> Organization:
        """Return the organisation that a request names.

        Raises:
            Refusal: 6041 for one of somebody else, 6024 without one where there are several.
        """
        known = self._state.organizations
        if not wanted and len(known) == 1:
            return self._state.organization()
        if not wanted:
            rows = [
                {"organization_id": each.id, "name": each.settings.name}
                | {"is_default_org": each.is_default}
                for each in known.values()
            ]
            message = "This user belongs to multiple organizations, organization_id is required."
            raise Refusal(MANY_ORGANIZATIONS, message, more={"error_info": rows})
        if wanted not in known:
            message = f"This user is not associated with the CompanyID/CompanyName:{wanted}."
            raise Refusal(NOT_MEMBER, message)
        return known[wanted]

    def count(self, org: Organization) -> None:
        """Count a request against the limits (section 6).

        Raises:
            Blocked: One too many; a refused request counts for nothing.
        """
        rules, world = self._state.rules, self._state.world
        if rules.busy > 0:
            rules.busy -= 1
            raise Blocked(BUSY, "The maximum number of in process requests is reached.")
        if world.unlimited:
            return
        if org.blocked_until is not None and world.now() < org.blocked_until:
            raise self._blocked(org)
        if world.over_rate(f"{PROVIDER} {org.id}", rules.requests_per_minute, 60.0) is not None:
            if rules.minute_code == BLOCKED:
                org.blocked_until = world.now() + BLOCK
                raise self._blocked(org)
            message = "For security reasons you have been blocked for some time."
            raise Blocked(MINUTE, message)
        limit = org.settings.requests_per_day
        if org.calls[org.today()] >= limit:
            words = "This organization has exceeded the maximum call rate limit of"
            raise Blocked(DAILY, f"{words} {limit}.")
        org.calls[org.today()] += 1

    def counters(self, org: Organization) -> dict[str, str]:
        """Return the headers of the daily counter, which ends at the organisation's midnight."""
        if not self._state.rules.counters:
            return {}
        limit = org.settings.requests_per_day
        used = 0 if self._state.world.unlimited else org.calls[org.today()]
        reset = int((org.midnight() - org.now()).total_seconds())
        return {
            "x-rate-limit-limit": str(limit),
            "x-rate-limit-remaining": str(max(limit - used, 0)),
            "x-rate-limit-reset": str(reset),
        }

    @staticmethod
    def _blocked(org: Organization) -> Blocked:
        """Refuse for an hour; the header says an hour, however much of it is over."""
        message = (
            "You have been blocked for some time as you have exceeded the maximum number of "
            f"requests per minute that can be made from organization {org.id}."
        )
        return Blocked(BLOCKED, message, int(BLOCK.total_seconds()))
