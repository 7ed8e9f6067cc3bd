"""How a Kommo account is set up: itself, users, pipelines, fields (sheet, 4.1, 4.5, 4.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.kommo_account import TASK_TYPES
from kommo_invoice.sandbox.kommo_answers import (
    hal,
    missing,
    nothing,
    page_of,
    unsupported,
    written,
    wrong_type,
)
from kommo_invoice.sandbox.kommo_fields import (
    OPTION_TYPES,
    CustomField,
    Option,
    definition,
    fits_entity,
)
from kommo_invoice.sandbox.kommo_gate import needed, typed, write_all

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.routing import Route

    from kommo_invoice.sandbox.kommo_account import Account
    from kommo_invoice.sandbox.kommo_answers import Links
    from kommo_invoice.sandbox.kommo_gate import Call, Gate
    from kommo_invoice.sandbox.kommo_state import Pipeline, User

FIRST_FIELD, FIRST_OPTION = 700_001, 900_001
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}


class SetupApi:
    """``account``, ``users``, ``leads/pipelines`` and ``…/custom_fields`` below ``/api/v4``.

    Args:
        account: The account.
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    def routes(self, gate: Gate) -> list[Route]:
        """Return the routes of the set-up."""
        routes = [
            gate.route("/api/v4/account", self.account),
            gate.route("/api/v4/users", self.users, admin=True),
            gate.route("/api/v4/users/{id:int}", self.user, admin=True),
            gate.route("/api/v4/leads/pipelines", self.pipelines),
            gate.route("/api/v4/leads/pipelines/{id:int}", self.pipeline),
        ]
        for entity in ("leads", "contacts", "companies", "catalogs/{catalog:int}"):
            path = f"/api/v4/{entity}/custom_fields"
            routes += [
                gate.route(path, self.fields),
                gate.route(path, self.create_fields, "POST", admin=True),
                gate.route(f"{path}/{{id:int}}", self.field),
            ]
        return routes

    def account(self, call: Call) -> Response:
        """Answer the account, with the parts that are asked for."""
        account = self._account
        asked = call.query.include
        zone = account.zone
        offset = account.world.now().astimezone(zone).strftime("%z")
        parts: dict[str, Any] = {
            "task_types": [
                {"id": type_id, "name": name, "color": None, "icon_id": None, "code": name.upper()}
                for type_id, name in TASK_TYPES.items()
            ],
            "users_groups": [{"id": 0, "name": "Sales", "uuid": None}],
            "datetime_settings": {
                "date_pattern": "d.m.Y H:i",
                "short_date_pattern": "d.m.Y",
                "date_format": "d.m.Y",
                "time_format": "H:i:s",
                "timezone": zone.key,
                "timezone_offset": f"{offset[:3]}:{offset[3:]}",
            },
        }
        flags = {"version": 9, "is_api_filter_enabled": account.api_filter}
        return hal(
            {
                "id": account.id,
                "name": account.name,
                "subdomain": account.subdomain,
                "created_at": account.created_at,
                "created_by": 0,
                "updated_at": account.created_at,
                "updated_by": 0,
                "current_user_id": account.token_user,
                "country": account.country,
                "currency": account.currency,
                "currency_symbol": SYMBOLS.get(account.currency, account.currency),
                "customers_mode": "disabled",
                "is_unsorted_on": True,
                "mobile_feature_version": 0,
                "is_loss_reason_enabled": True,
                **{key: value for key, value in flags.items() if key in asked},
                "_links": call.links.to("account"),
                "_embedded": {key: value for key, value in parts.items() if key in asked},
            }
        )

    def users(self, call: Call) -> Response:
        """Answer a page of users; administrators only."""
        return page_of(
            call.request,
            call.query,
            "users",
            list(self._account.users.values()),
            lambda user: _user(user, call.links),
            totals=True,
        )

    def user(self, call: Call) -> Response:
        """Answer one user; administrators only."""
        user = self._account.users.get(call.number("id"))
        return hal(_user(user, call.links)) if user else nothing()

    def pipelines(self, call: Call) -> Response:
        """Answer all pipelines with their stages; there are no pages."""
        pipelines = self._account.pipelines.values()
        return hal(
            {
                "_total_items": len(pipelines),
                "_links": call.links.to("leads", "pipelines"),
                "_embedded": {"pipelines": [self._pipeline(one, call.links) for one in pipelines]},
            }
        )

    def pipeline(self, call: Call) -> Response:
        """Answer one pipeline."""
        found = self._account.pipelines.get(call.number("id"))
        return hal(self._pipeline(found, call.links)) if found else nothing()

    def fields(self, call: Call) -> Response:
        """Answer a page of an entity's custom fields."""
        rows = list(self._account.fields[_entity(call)].values())
        return page_of(
            call.request,
            call.query,
            "custom_fields",
            rows,
            lambda field: self._field(field, call.links),
            totals=True,
        )

    def field(self, call: Call) -> Response:
        """Answer one custom field."""
        found = self._account.fields[_entity(call)].get(call.number("id"))
        return hal(self._field(found, call.links)) if found else nothing()

    def create_fields(self, call: Call) -> Response:
        """Create custom fields; administrators only."""
        entity = _entity(call)
        rows = []
        for request_id, field in write_all(call.body, lambda item: self.new_field(entity, item)):
            self._account.fields[entity][field.id] = field
            rows.append(self._field(field, call.links) | {"request_id": request_id})
        return written(call.links, "custom_fields", rows, 201)

    def new_field(self, entity: str, item: dict[str, Any]) -> CustomField:
        """Return the field that a write asks for.

        Raises:
            Invalid: The write is not valid.
        """
        account = self._account
        kind = needed(item, "type", str, "a text")
        if not fits_entity(kind, entity):
            raise unsupported("type")
        code = typed(item, "code", str, "a text")
        if code is not None and any(
            code == known.code for known in account.fields[entity].values()
        ):
            raise unsupported("code")
        options = _options(account, item)
        if kind in OPTION_TYPES and not options:
            raise missing("enums")
        currency = typed(item, "currency", str, "a text")
        if kind == "monetary" and currency is None:
            raise missing("currency")
        return CustomField(
            id=account.new_id("field", FIRST_FIELD),
            entity=entity,
            name=needed(item, "name", str, "a text"),
            type=kind,
            code=code,
            options=options,
            currency=currency,
            sort=typed(item, "sort", int, "a number") or 500,
            is_api_only=typed(item, "is_api_only", bool, "true or false") or False,
            required_statuses=tuple(typed(item, "required_statuses", list, "a list") or ()),
        )

    def _field(self, field: CustomField, links: Links) -> dict[str, Any]:
        where = links.to(field.entity, "custom_fields", field.id)
        return definition(field, self._account.id) | {"_links": where}

    def _pipeline(self, pipeline: Pipeline, links: Links) -> dict[str, Any]:
        stages = [
            {
                "id": stage.id,
                "name": stage.name,
                "sort": stage.sort,
                "is_editable": stage.type == 0 and stage.id > 143,
                "pipeline_id": pipeline.id,
                "color": "#99ccff",
                "type": stage.type,
                "account_id": self._account.id,
                "_links": links.to("leads", "pipelines", pipeline.id, "statuses", stage.id),
            }
            for stage in pipeline.stages
        ]
        return {
            "id": pipeline.id,
            "name": pipeline.name,
            "sort": pipeline.sort,
            "is_main": pipeline.is_main,
            "is_unsorted_on": True,
            "is_archive": False,
            "account_id": self._account.id,
            "_links": links.to("leads", "pipelines", pipeline.id),
            "_embedded": {"statuses": stages},
        }


def _entity(call: Call) -> str:
    catalog = call.request.path_params.get("catalog")
    return f"catalogs/{catalog}" if catalog else call.request.url.path.split("/")[3]


def _options(account: Account, item: dict[str, Any]) -> tuple[Option, ...]:
    options = []
    for index, given in enumerate(typed(item, "enums", list, "a list") or []):
        if not isinstance(given, dict):
            raise wrong_type(f"enums.{index}", "an object")
        if not given.get("value"):
            raise missing(f"enums.{index}.value")
        number = account.new_id("option", FIRST_OPTION)
        options.append(
            Option(number, given["value"], given.get("code"), given.get("sort", index + 1))
        )
    return tuple(options)


def _user(user: User, links: Links) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "lang": "en",
        "rights": {"is_admin": user.is_admin, "is_free": False, "is_active": True},
        "_links": links.to("users", user.id),
    }
