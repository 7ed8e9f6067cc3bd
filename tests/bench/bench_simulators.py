"""The process that holds the simulators: a line of JSON asks for a method, a line answers."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from stages import STAGES

if TYPE_CHECKING:
    from stage import Stage


class Simulators:
    """What can be asked for: the methods of ``bench_world.World``.

    Args:
        stage: Both simulators, with a mapping.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._product = next(iter(stage.seed.products.values()))
        self._seen = 0
        self._made = 0

    def deals(self, count: int, company: bool, products: bool) -> list[int]:
        return [self._deal(company, products) for _ in range(count)]

    def repeat(self, deal: int) -> int:
        contact = self._stage.kommo.lead(deal).main_contact_id
        assert contact is not None
        return self._lead(contact, None, {})

    def map(self, changes: dict[str, Any]) -> None:
        self._stage.map(**changes)

    def requests(self) -> dict[str, int]:
        world, seen = self._stage.world, self._seen
        new = world.requests[seen:]
        self._seen += len(new)
        crm = sum(each.provider == "kommo" for each in new)
        writes = sum(self._stage.writes(seen).values())
        return {"crm": crm, "books": len(new) - crm, "writes": writes}

    def _deal(self, company: bool, products: bool) -> int:
        kommo, number = self._stage.kommo, self._made
        firm = kommo.add_company(f"Client {number} GmbH") if company else None
        contact = kommo.add_contact(
            f"Person {number}",
            email=f"person{number}@client.example",
            company=firm,
            fields={"Country": "DE"},
        )
        return self._lead(contact, firm, {self._product: 2} if products else {})

    def _lead(self, contact: int, company: int | None, products: dict[int, int]) -> int:
        self._made += 1
        return self._stage.kommo.add_lead(
            f"Project {self._made}",
            "2400.00",
            pipeline="Sales",
            stage="Issue Invoice",
            contact=contact,
            company=company,
            products=products,
        )


def main() -> None:
    """Print the environment of runs, then answer until the other end closes.

    The books stand on the command line.
    """
    with tempfile.TemporaryDirectory() as folder:
        stage = STAGES[sys.argv[1]](Path(folder))
        serving = Simulators(stage)
        # References are learnt again when the settle time is over: here, that is at once.
        answer(stage.environment(KINV_SETTLE_S="0"))
        for line in sys.stdin:
            name, arguments = json.loads(line)
            answer(getattr(serving, name)(*arguments))
        stage.close()


def answer(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
