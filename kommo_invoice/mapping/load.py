"""The mapping file: found, read, checked against the schema, its expressions compiled."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from kommo_invoice.domain.plain import plain
from kommo_invoice.errors import ConfigInvalid, Problem
from kommo_invoice.mapping.constants import check_constants
from kommo_invoice.mapping.problems import of_schema, ordered
from kommo_invoice.mapping.schema import Document
from kommo_invoice.mapping.values import Values, compile_values

if TYPE_CHECKING:
    from pathlib import Path

_NO_MAPPING = "`kinv mapping init` writes a first one; --mapping names another file"
_PLACE = re.compile(r"\s*\((at .*)\)$")


@dataclass(frozen=True, slots=True)
class Needs:
    """Which parts around a deal a mapping needs; what is not needed is not read.

    Args:
        contact: Whether the deal's contact is needed.
        company: Whether its company is needed.
        products: Whether its products are needed.
        users: Whether the responsible user's name is needed.
        entities: The kinds of records whose custom fields are used; deals always are.
    """

    contact: bool
    company: bool
    products: bool
    users: bool
    entities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A mapping that is right in itself, not yet compared with the accounts.

    Args:
        path: The file.
        document: Its keys.
        values: Every value that may hold expressions, compiled, by key.
    """

    path: Path
    document: Document
    values: Values

    @property
    def needs(self) -> Needs:
        """What has to be read for it."""
        values = self.values.values()
        names = frozenset().union(*(value.names for value in values))
        fielded = {each.entity for value in values for each in value.subscripts}
        return Needs(
            contact="contact" in names,
            company="company" in names,
            products=self.document.lines.source == "products",
            users=any("deal.responsible" in value.attributes for value in values),
            entities=("deal", *(name for name in ("contact", "company") if name in fielded)),
        )

    def fingerprint(self) -> str:
        """Return the hash of what decides which deals go to which books."""
        parts = self.document.model_dump(include={"crm", "books", "trigger"})
        return hashlib.sha256(json.dumps(plain(parts), sort_keys=True).encode()).hexdigest()


def find_mapping(
    *, given: Path | None, environment: Path | None, folder: Path, config: Path
) -> Path:
    """Return the mapping file to use.

    Args:
        given: The ``--mapping`` flag.
        environment: ``KINV_MAPPING``.
        folder: The working directory, whose ``mapping.toml`` comes next.
        config: The configuration folder, whose ``mapping.toml`` comes last.

    Raises:
        ConfigInvalid: There is none, or the one that was asked for does not exist.
    """
    for asked, origin in ((given, "--mapping"), (environment, "KINV_MAPPING")):
        if asked is not None:
            if not asked.is_file():
                raise ConfigInvalid(
                    f"the mapping file {asked} does not exist ({origin})", hint=_NO_MAPPING
                )
            return asked
    for place in (folder / "mapping.toml", config / "mapping.toml"):
        if place.is_file():
            return place
    raise ConfigInvalid(
        f"there is no mapping.toml in {folder} or {config}",
        hint=_NO_MAPPING,
    )


def load_mapping(path: Path) -> MappingFile:
    """Read a mapping file and check all that can be checked without the accounts.

    Raises:
        ConfigInvalid: With every problem of the file, in its order.
    """
    raw = _read(path)
    problems: list[Problem] = []
    document = None
    try:
        document = Document.model_validate(raw)
    except ValidationError as error:
        problems += of_schema(error, str(path))
    values = compile_values(raw, str(path), problems)
    problems += check_constants(values, str(path))
    if problems or document is None:
        raise invalid(ordered(problems, raw))
    return MappingFile(path, document, values)


def peek(path: Path) -> dict[str, dict[str, str]]:
    """Return the texts of ``[crm]`` and ``[books]``, for commands that need no whole mapping.

    Raises:
        ConfigInvalid: The file cannot be read, or is no TOML.
    """
    raw = _read(path)
    sides = {name: raw.get(name) for name in ("crm", "books")}
    return {
        name: {key: value for key, value in side.items() if isinstance(value, str)}
        for name, side in sides.items()
        if isinstance(side, dict)
    }


def invalid(problems: list[Problem]) -> ConfigInvalid:
    """Return the error that reports all problems of a mapping."""
    if len(problems) == 1:
        return ConfigInvalid(str(problems[0]), problems=problems)
    return ConfigInvalid(f"the mapping has {len(problems)} problems", problems=problems)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except OSError as error:
        raise ConfigInvalid(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise invalid([Problem(str(path), "file", "is not UTF-8 text")]) from None
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        message = f"is no valid TOML: {_PLACE.sub('', str(error))}"
        where = place[1].removeprefix("at ") if place else "file"
        raise invalid([Problem(str(path), where, message)]) from None
