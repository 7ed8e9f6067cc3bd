"""What the QuickBooks simulator remembers of request ids (sheet, section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kommo_invoice.sandbox.quickbooks_faults import Refusal
from kommo_invoice.sandbox.quickbooks_state import RequestIds

if TYPE_CHECKING:
    from kommo_invoice.sandbox.quickbooks_state import QuickBooksRules
    from kommo_invoice.sandbox.world import World

LONGEST, LONGEST_OF_BATCH = 50, 36


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it has its form: the envelope's content or a whole body."""

    status: int
    content: dict[str, object]


@dataclass(frozen=True, slots=True)
class _Kept:
    asked: bytes
    reply: Reply
    at: datetime


class Replays:
    """By company and request id, the first answers.

    Args:
        world: Gives the time.
        rules: What becomes of a second request.
    """

    def __init__(self, world: World, rules: QuickBooksRules) -> None:
        self._world = world
        self._rules = rules
        self._kept: dict[tuple[str, str], _Kept] = {}

    def find(self, realm: str, request_id: str, asked: bytes) -> Reply | None:
        """Return the first answer where it is to come again; None for a new request.

        Args:
            realm: The company, in which request ids are unique.
            request_id: As the client sent it.
            asked: Method, path and body of the request, by which two are told apart.

        Raises:
            Refusal: 600 where repeating is refused.
        """
        kept = self._kept.get((realm, request_id))
        life = self._rules.request_ids_kept_s
        if kept is None or (
            life is not None and self._world.now() >= kept.at + timedelta(seconds=life)
        ):
            return None
        same = kept.asked == asked
        match self._rules.request_ids if same else self._rules.other_body:
            case RequestIds.REPLAY:
                return kept.reply
            case RequestIds.REFUSE:
                raise Refusal("600", f"RequestId {request_id} was used before")
        return None

    def keep(self, realm: str, request_id: str, asked: bytes, reply: Reply) -> None:
        """Remember an answer."""
        self._kept[realm, request_id] = _Kept(asked, reply, self._world.now())
