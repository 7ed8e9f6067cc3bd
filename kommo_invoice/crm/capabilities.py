"""What a CRM provider can do, as data: the engine asks this and never a provider's name.

The tables are written from the provider sheets. "Not established" in a comment means that the
sheet found no proof, and that the value is the stricter one. Rates are policy: they stay below
what is documented.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from kommo_invoice.http.calls import Policy, Rate

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_SETTLE_S = 120
"""Seconds after which a server is held to be done with a request whose answer was lost."""


class Operation(StrEnum):
    """A write to the CRM; the values are those of the plan's steps where both have one."""

    UPDATE_DEALS = "deal.update"
    CREATE_TASKS = "task.create"
    CLOSE_TASKS = "task.close"
    CREATE_NOTES = "note.create"
    CREATE_FIELDS = "field.create"


class Repeat(StrEnum):
    """What a repeated write does."""

    HARMLESS = "harmless"
    """It sets the same again."""
    BY_MARKER = "by-marker"
    """It makes a second one, so our marker is looked for in the texts before."""
    BY_NAME = "by-name"
    """It makes a second one of that name, so the names (and codes) are looked through before."""


class StageEntries(StrEnum):
    """How it is known when a deal came into its stage."""

    EVENTS = "events"
    """A list of stage changes, with their times."""
    ON_DEAL = "on-deal"
    """The deal itself says when its stage changed last."""


class Webhooks(StrEnum):
    """Who may be told of changes at once; polling works for everybody."""

    BY_PLAN = "by-plan"
    """Only accounts of a higher plan."""
    BY_ADMIN = "by-admin"
    """Every plan; an administrator registers them."""


@dataclass(frozen=True, slots=True)
class CrmCapabilities:
    """What one CRM provider can do.

    Args:
        provider: As the mapping names it.
        name: As people write it.
        letter: First letter of our references.
        operations: What a repeat of each write does.
        settle_s: Seconds after which "not found" may be believed (``KINV_SETTLE_S`` shortens it).
        batch: Deals, tasks or notes that one write takes.
        read_batch: Ids that one read takes.
        task_batch: Deals whose tasks one read gives.
        done_tasks_listed: Whether completed tasks are found beside the open ones.
        page: Rows of one list page.
        echoes_request_ids: Whether answers and errors of a batch name its items by ids of ours.
        filters_trusted: Whether a list holds only what was asked for; else each row is checked.
        text_max: Characters that a plain text field takes through the API.
        deal_currency: Whether each deal has a currency of its own; else the account has one.
        products: Whether products with quantity and price are linked to deals.
        stage_ids_repeat: Whether a stage is known only by its pipeline and its id together.
        won_is_stage: Whether "won" is a stage; else a status beside the stage.
        stage_entries: How it is known when a deal came into its stage.
        feed_overlap_s: Seconds by which each reading goes back before the last one's end.
        webhooks: Who may be told of changes at once.
        webhooks_signed: Whether a message proves its sender by a signature.
        rates: Our policy, below the provider's limits; all of them hold at once.
        in_flight: Requests open at once, as ``Policy`` counts them.
        budget_per_day: What the smallest account may use a day, in the provider's own unit (one
            object read costs 1, a list 10, a write 5); None without a limit.
        long_lived_token: Whether a token without refresh can be had.
        oauth_rotates: Whether a refresh replaces the refresh token.
    """

    provider: str
    name: str
    letter: str
    operations: Mapping[Operation, Repeat]
    settle_s: int
    batch: int
    read_batch: int
    task_batch: int
    done_tasks_listed: bool
    page: int
    echoes_request_ids: bool
    filters_trusted: bool
    text_max: int
    deal_currency: bool
    products: bool
    stage_ids_repeat: bool
    won_is_stage: bool
    stage_entries: StageEntries
    feed_overlap_s: int
    webhooks: Webhooks
    webhooks_signed: bool
    rates: tuple[Rate, ...]
    in_flight: int
    budget_per_day: int | None
    long_lived_token: bool
    oauth_rotates: bool

    @property
    def policy(self) -> Policy:
        """The rates and requests in flight, as the HTTP client takes them."""
        return Policy(rates=self.rates, in_flight=self.in_flight)


# The same for both (Kommo sheet, section 5; Pipedrive sheet, section 5): sets may be repeated,
# creates make doubles.
_OPERATIONS: Mapping[Operation, Repeat] = MappingProxyType(
    {
        Operation.UPDATE_DEALS: Repeat.HARMLESS,
        Operation.CREATE_TASKS: Repeat.BY_MARKER,
        Operation.CLOSE_TASKS: Repeat.HARMLESS,
        Operation.CREATE_NOTES: Repeat.BY_MARKER,
        # Pipedrive sheet, section 4.9: names are not unique; Kommo's codes are not said to be.
        Operation.CREATE_FIELDS: Repeat.BY_NAME,
    }
)


KOMMO = CrmCapabilities(
    provider="kommo",
    name="Kommo",
    letter="K",
    operations=_OPERATIONS,
    settle_s=DEFAULT_SETTLE_S,  # Kommo sheet, section 9.8: lists lag behind writes
    batch=50,  # section 4.7: recommended; 250 is the most
    read_batch=100,  # section 4.3: keeps the URL short, its limit is not established
    task_batch=100,  # section 4.8
    done_tasks_listed=True,  # section 4.8: is_completed is a filter
    page=250,  # section 2
    echoes_request_ids=True,  # section 5: echoed, not stored
    filters_trusted=False,  # section 9.2: filters that are not understood are dropped
    text_max=256,  # section 4.6
    deal_currency=False,  # section 4.1
    products=True,  # section 4.10
    stage_ids_repeat=True,  # section 4.11: 142 and 143 are in every pipeline
    won_is_stage=True,  # section 4.7
    stage_entries=StageEntries.EVENTS,  # section 4.4
    feed_overlap_s=300,  # section 4.4: 60 to 300
    webhooks=Webhooks.BY_PLAN,  # section 7
    webhooks_signed=False,  # section 7
    rates=(Rate(5, 1),),  # section 6: 7 a second; beyond it the address is blocked
    in_flight=2,  # section 6: not documented
    budget_per_day=None,  # section 6
    long_lived_token=True,  # section 3
    oauth_rotates=True,  # section 3
)


PIPEDRIVE = CrmCapabilities(
    provider="pipedrive",
    name="Pipedrive",
    letter="P",
    operations=_OPERATIONS,
    settle_s=DEFAULT_SETTLE_S,  # Pipedrive sheet, section 4.1: length of the lag not established
    batch=1,  # section 4.15
    read_batch=100,  # section 4.14
    task_batch=1,  # section 4.7: by one deal_id
    done_tasks_listed=True,  # section 4.7: done is a filter
    page=500,  # section 4.12
    echoes_request_ids=False,  # section 5
    filters_trusted=False,  # section 9.9: filter_id overrides others; unknown ones not established
    text_max=255,  # section 4.9: varchar
    deal_currency=True,  # section 4.5
    products=True,  # section 4.6
    stage_ids_repeat=False,  # section 4.10
    won_is_stage=False,  # section 4.15
    stage_entries=StageEntries.ON_DEAL,  # section 4.5: stage_change_time
    feed_overlap_s=60,  # section 4.12
    webhooks=Webhooks.BY_ADMIN,  # section 7
    webhooks_signed=False,  # section 7
    rates=(Rate(8, 2),),  # section 6: 20 in 2 seconds for a personal token, 10 of them searches
    in_flight=2,  # section 6: not documented
    budget_per_day=30_000,  # section 6: one seat of the smallest plan
    long_lived_token=True,  # section 3.1
    oauth_rotates=False,  # section 3.2: the same one comes back; what comes is stored anyway
)

CRMS: Mapping[str, CrmCapabilities] = MappingProxyType(
    {table.provider: table for table in (KOMMO, PIPEDRIVE)}
)
"""The table of every CRM provider, by the name that the mapping uses."""
