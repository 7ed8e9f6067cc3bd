"""Which Kommo account is meant, and its set-up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kommo_invoice.crm.kommo import fields
from kommo_invoice.crm.kommo.deals import stage
from kommo_invoice.crm.kommo.errors import NoRights
from kommo_invoice.crm.kommo.lists import pages
from kommo_invoice.crm.kommo.wire import (
    AccountRow,
    FieldDefRow,
    PipelineRow,
    UserRow,
    parse,
    parse_list,
)
from kommo_invoice.domain.deal import CrmAccount, CrmSetup, Pipeline, User
from kommo_invoice.errors import ConfigInvalid, LoginNeeded
from kommo_invoice.http import CallClass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kommo_invoice.domain.fields import FieldDef
    from kommo_invoice.http import Client

ENTITIES = {"deal": "leads", "contact": "contacts", "company": "companies"}
"""Our words for Kommo's."""

_LABEL = r"(?P<label>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)"
_ACCOUNT = re.compile(
    rf"{_LABEL}|(?:https://)?{_LABEL.replace('label', 'host')}\.kommo\.com(?:/\S*)?"
)
_NO_ACCOUNTS = {"www", "api"}


def subdomain(text: str) -> str:
    """Return an account's subdomain from what people paste.

    It decides where the token is sent, so nothing is guessed (Kommo sheet, section 2).

    Args:
        text: ``acme``, ``acme.kommo.com`` or the address of any page of the account.

    Raises:
        ConfigInvalid: It is none of these.
    """
    found = _ACCOUNT.fullmatch(text.strip().lower())
    label = found and (found["label"] or found["host"])
    if not label or label in _NO_ACCOUNTS:
        raise ConfigInvalid(
            f"{text!r} is no Kommo account",
            hint="give the subdomain: `acme` for https://acme.kommo.com",
        )
    return label


def read_account(client: Client) -> CrmAccount:
    """Return the account that the token belongs to."""
    reply = client.call(
        CallClass.READ, "GET", "/api/v4/account", params=[("with", "datetime_settings")]
    )
    row = parse(AccountRow, reply.body)
    return CrmAccount(
        id=str(row.id),
        name=row.name,
        subdomain=row.subdomain,
        currency=row.currency,
        timezone=row.embedded.datetime_settings.timezone,
        country=row.country or None,
    )


def read_setup(client: Client, *, entities: Sequence[str], users: bool) -> CrmSetup:
    """Return the account's set-up; archived pipelines are in it, since they may hold deals."""
    return CrmSetup(
        account=read_account(client),
        pipelines=tuple(_pipelines(client)),
        fields=tuple(each for entity in entities for each in _fields(client, entity)),
        users=_users(client) if users else (),
    )


def _pipelines(client: Client) -> Iterator[Pipeline]:
    reply = client.call(CallClass.READ, "GET", "/api/v4/leads/pipelines")  # has no pages
    for row in parse_list(PipelineRow, PipelineRow.key, reply.body):
        stages = tuple(stage(status, row) for status in row.embedded.statuses)
        yield Pipeline(str(row.id), row.name, stages)


def _fields(client: Client, entity: str) -> Iterator[FieldDef]:
    path = f"/api/v4/{ENTITIES[entity]}/custom_fields"
    for page in pages(client, path, FieldDefRow):
        for row in page.rows:
            definition = fields.definition(row, entity)
            if definition is not None:
                yield definition


def _users(client: Client) -> tuple[User, ...]:
    try:
        return tuple(
            User(str(row.id), row.name, row.email)
            for page in pages(client, "/api/v4/users", UserRow)
            for row in page.rows
        )
    except (NoRights, LoginNeeded):
        # For administrators only. Kommo answers 403 or 401 to others (section 3), and the token
        # was good for the account a moment ago.
        return ()
