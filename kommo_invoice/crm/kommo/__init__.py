"""Kommo as a CRM: API v4 of ``https://<account>.kommo.com``."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from kommo_invoice.crm.capabilities import KOMMO
from kommo_invoice.crm.kommo import new_fields, writes
from kommo_invoice.crm.kommo.account import read_account, read_setup, subdomain
from kommo_invoice.crm.kommo.deals import Around, Assembler, company_of, main_contact
from kommo_invoice.crm.kommo.errors import NoRights, judge, name_fields
from kommo_invoice.crm.kommo.lists import batches, listed, pages, records
from kommo_invoice.crm.kommo.wire import (
    CompanyRow,
    ContactRow,
    Element,
    Lead,
    NoteRow,
    TaskRow,
)
from kommo_invoice.domain.writing import Note, Task
from kommo_invoice.errors import LoginNeeded, Rejected, Temporary
from kommo_invoice.http import CallClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from kommo_invoice.crm.base import Want
    from kommo_invoice.crm.kommo.lists import R
    from kommo_invoice.domain.deal import CrmAccount, CrmSetup, Deal, Stage
    from kommo_invoice.domain.fields import FieldDef, FieldDraft
    from kommo_invoice.domain.writing import DealChange, NoteDraft, TaskDone, TaskDraft
    from kommo_invoice.http import Client, OpenClient

_LEADS = "/api/v4/leads"
_FIELDS = "/api/v4/leads/custom_fields"
_CONTACTS = "/api/v4/contacts"
_COMPANIES = "/api/v4/companies"
_TASKS = "/api/v4/tasks"
_NOTES = "/api/v4/leads/notes"


def account_id(account: str) -> str:
    """Return the subdomain that an account's name or address means.

    Raises:
        ConfigInvalid: It means none.
    """
    return subdomain(account)


def connect(account: str | None, *, base_url: str | None, open_client: OpenClient) -> Kommo:
    """Return the Kommo account; nothing is sent yet.

    Args:
        account: ``[crm] account`` of the mapping: the subdomain, or an address that holds it;
            None to learn it from the token at ``base_url``.
        base_url: In place of ``https://<account>.kommo.com``; paths stay.
        open_client: Opens the client for a host; it holds the token, the retries and the rates.

    Raises:
        ConfigInvalid: ``account`` is no Kommo account.
    """
    host = None if account is None else f"https://{subdomain(account)}.kommo.com"
    site = (base_url or host or "").rstrip("/")
    return Kommo(open_client(site, KOMMO.provider, KOMMO.policy, judge), site)


class Kommo:
    """One Kommo account; see ``crm.base.Crm`` for what each method promises.

    Args:
        client: To the account's host.
        site: Scheme and host at which people see the account.
    """

    capabilities = KOMMO

    def __init__(self, client: Client, site: str) -> None:
        self._client = client
        self._site = site
        self._zone: ZoneInfo | None = None

    def accounts(self) -> list[CrmAccount]:
        """Return the one account that the token belongs to."""
        return [read_account(self._client)]

    def setup(self, *, entities: Sequence[str] = ("deal",), users: bool = False) -> CrmSetup:
        """Return the account's set-up: 3 requests for deals alone, 1 more for each other part."""
        setup = read_setup(self._client, entities=entities, users=users)
        self._remember(setup)
        return setup

    def create_fields(self, fields: Sequence[FieldDraft]) -> list[FieldDef]:
        """Create custom fields of deals in one request."""
        if not fields:
            return []
        body = [new_fields.item(each, place) for place, each in enumerate(fields)]
        try:
            reply = self._client.call(CallClass.CREATE, "POST", _FIELDS, json=body)
        except Rejected as error:
            raise new_fields.named(error, fields) from None
        except LoginNeeded:
            # Kommo answers 401 as well as 403 to those who are no administrators (section 3):
            # where the token is good for the account itself, it is that.
            read_account(self._client)
            raise NoRights(
                "the token's user is no administrator in Kommo",
                hint="use the token of an administrator",
            ) from None
        return new_fields.made(fields, reply.body)

    def deals(self, ids: Sequence[int], *, setup: CrmSetup, want: Want) -> list[Deal]:
        """Return the deals with those ids, in that order.

        One deal: 2 requests, with its company 3, and 1 more for each list of products.
        """
        asked = list(dict.fromkeys(ids))
        read = [
            (lead, page.received_at)
            for page in records(self._client, _LEADS, Lead, asked, _with(want))
            for lead in page.rows
        ]
        found = {deal.id: deal for deal in self._deals(read, setup, want)}
        return [found[each] for each in asked if each in found]

    def deals_in(
        self, stages: Sequence[Stage], *, setup: CrmSetup, want: Want, since: datetime | None = None
    ) -> Iterator[Deal]:
        """Yield the deals in the stages by id, reading what is around them batch by batch."""
        if not stages:  # no filter would be every deal
            return
        places = {(int(stage.pipeline_id), int(stage.id)) for stage in stages}
        # All pages first: a deal that is moved while we go on would shift the pages behind it.
        read = {
            lead.id: (lead, page.received_at)
            for page in pages(self._client, _LEADS, Lead, _in(stages, since, want))
            for lead in page.rows
            if (lead.pipeline_id, lead.status_id) in places
            and (since is None or lead.updated_at >= since.replace(microsecond=0))
        }
        ordered = [read[each] for each in sorted(read)]
        for some in batches(ordered, self.capabilities.read_batch):
            yield from self._deals(some, setup, want)

    def update_deals(self, changes: Sequence[DealChange]) -> None:
        """Set fields and stages in one request."""
        changes = [each for each in changes if each.fields or each.stage]
        if not changes:
            return
        body = [writes.lead(each, self._zone_now) for each in changes]
        try:
            reply = self._client.call(CallClass.SET, "PATCH", _LEADS, json=body)
        except Rejected as error:
            raise name_fields(error, changes) from None
        except Temporary as error:
            writes.hint_size(error, len(changes))
            raise
        writes.confirm("leads", reply.body, [each.deal for each in changes])

    def tasks(self, deals: Sequence[int]) -> list[Task]:
        """Return all tasks of the deals, completed ones too: 1 request for 100 deals."""
        found: dict[int, Task] = {}
        for some in batches(list(dict.fromkeys(deals)), self.capabilities.task_batch):
            of = [("filter[entity_type]", "leads"), ("order[id]", "asc")]
            of += [("filter[entity_id][]", str(each)) for each in some]
            for page in pages(self._client, _TASKS, TaskRow, of):
                for row in page.rows:
                    deal = row.entity_id if row.entity_type == "leads" else None
                    if deal is not None and deal in some:
                        found[row.id] = Task(str(row.id), deal, row.text, row.is_completed)
        return list(found.values())

    def create_tasks(self, tasks: Sequence[TaskDraft]) -> list[str]:
        """Create the tasks in one request."""
        if not tasks:
            return []
        body = [writes.task(each, place) for place, each in enumerate(tasks)]
        reply = self._client.call(CallClass.CREATE, "POST", _TASKS, json=body)
        return writes.made("tasks", reply.body, len(tasks))

    def close_tasks(self, tasks: Iterable[TaskDone]) -> None:
        """Complete the tasks, 50 in a request."""
        for some in batches(list(tasks), self.capabilities.batch):
            body = [writes.done(each) for each in some]
            reply = self._client.call(CallClass.SET, "PATCH", _TASKS, json=body)
            writes.confirm("tasks", reply.body, [int(each.id) for each in some])

    def notes(self, deal: int) -> list[Note]:
        """Return the deal's plain notes, newest first."""
        asked = [("filter[note_type][]", "common"), ("order[id]", "desc")]
        rows = {
            row.id: row
            for page in pages(self._client, f"{_LEADS}/{deal}/notes", NoteRow, asked)
            for row in page.rows
            if row.note_type == "common" and row.entity_id == deal
        }
        newest = sorted(rows.values(), key=lambda row: row.id, reverse=True)
        return [Note(str(row.id), deal, row.params.text) for row in newest]

    def create_notes(self, notes: Sequence[NoteDraft]) -> list[str]:
        """Create the notes in one request."""
        if not notes:
            return []
        body = [writes.note(each, place) for place, each in enumerate(notes)]
        reply = self._client.call(CallClass.CREATE, "POST", _NOTES, json=body)
        return writes.made("notes", reply.body, len(notes))

    def _deals(
        self, read: Sequence[tuple[Lead, datetime]], setup: CrmSetup, want: Want
    ) -> Iterator[Deal]:
        self._remember(setup)
        live = [(lead, at) for lead, at in read if not lead.is_deleted]
        around = self._around([lead for lead, _ in live], want)
        assembler = Assembler(setup, self._site)
        for lead, at in live:
            yield assembler.deal(lead, around, at)

    def _around(self, leads: Sequence[Lead], want: Want) -> Around:
        contacts = [main_contact(lead) for lead in leads] if want.contact else []
        companies = [company_of(lead) for lead in leads] if want.company else []
        return Around(
            contacts=self._linked(_CONTACTS, ContactRow, contacts),
            companies=self._linked(_COMPANIES, CompanyRow, companies),
            elements=self._elements(leads) if want.products else None,
        )

    def _linked(self, path: str, row: type[R], ids: Iterable[int | None]) -> dict[int, R]:
        asked = list(dict.fromkeys(each for each in ids if each is not None))
        found = records(self._client, path, row, asked)
        return {each.id: each for page in found for each in page.rows if not each.is_deleted}

    def _elements(self, leads: Iterable[Lead]) -> dict[tuple[int, int], Element]:
        asked: dict[int, dict[int, None]] = {}
        for lead in leads:
            for ref in lead.embedded.catalog_elements:
                asked.setdefault(ref.metadata.catalog_id, {})[ref.id] = None
        return {
            (catalog, element.id): element
            for catalog, ids in asked.items()
            for page in listed(self._client, f"/api/v4/catalogs/{catalog}/elements", Element, ids)
            for element in page.rows
        }

    def _remember(self, setup: CrmSetup) -> None:
        self._zone = ZoneInfo(setup.account.timezone)

    def _zone_now(self) -> ZoneInfo:
        """Return the account's time zone; asked for when nothing has told it yet."""
        if self._zone is None:
            self._zone = ZoneInfo(read_account(self._client).timezone)
        return self._zone


def _with(want: Want) -> list[tuple[str, str]]:
    parts = [("contacts", want.contact), ("catalog_elements", want.products)]
    names = ",".join(name for name, wanted in parts if wanted)
    return [("with", names)] if names else []


def _in(stages: Sequence[Stage], since: datetime | None, want: Want) -> list[tuple[str, str]]:
    asked = _with(want)
    for place, stage in enumerate(stages):
        asked.append((f"filter[statuses][{place}][pipeline_id]", stage.pipeline_id))
        asked.append((f"filter[statuses][{place}][status_id]", stage.id))
    if since is not None:
        asked.append(("filter[updated_at][from]", str(int(since.timestamp()))))
    return [*asked, ("order[id]", "asc")]
