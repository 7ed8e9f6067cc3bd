"""What the tests of ``kinv doctor`` share: its findings by check."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from stage import Result, Stage


@dataclass(frozen=True)
class Diagnosis:
    """What the doctor said."""

    code: int
    document: Mapping[str, Any]

    def of(self, check: str) -> list[dict[str, Any]]:
        """Return the findings of a check."""
        return [each for each in self.document["checks"] if each["check"] == check]

    def one(self, check: str) -> dict[str, Any]:
        """Return the only finding of a check."""
        (found,) = self.of(check)
        return found

    def states(self) -> set[str]:
        """Return how the checks ended."""
        return {each["state"] for each in self.document["checks"]}

    def bad(self) -> set[str]:
        """Return the checks that ended in a failure or a warning."""
        return {
            each["check"]
            for each in self.document["checks"]
            if each["state"] in {"fails", "warning"}
        }


def read(ended: Result) -> Diagnosis:
    """Return what a ``--json`` run of the doctor said."""
    assert "Traceback" not in ended.err
    document = json.loads(ended.out)
    assert document["exit_code"] == ended.code
    return Diagnosis(ended.code, document)


def diagnose(stage: Stage, *arguments: str, **environment: str) -> Diagnosis:
    """Run the doctor on a stage."""
    return read(stage.kinv("doctor", "--json", *arguments, **environment))


def jwt(**claims: object) -> str:
    """Return a token that says something of itself, as Kommo's long-lived ones do."""
    parts = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "none"}, claims)
    )
    return ".".join((*parts, "signature"))


def kommo_token(stage: Stage, ends: datetime, **claims: object) -> str:
    """Have the CRM accept a token that ends then, and return it."""
    token = jwt(exp=int(ends.timestamp()), **claims)
    stage.world.tokens["kommo"].add(token)
    return token
