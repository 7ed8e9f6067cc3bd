"""An agency's day on the simulators, told with kinv's real commands; it checks itself."""

from __future__ import annotations

import shutil
import tomllib
from collections import Counter
from typing import TYPE_CHECKING, Any

import tomli_w

from kommo_invoice.errors import ExitCode, Interrupted, Terminated
from kommo_invoice.sandbox import story_end
from kommo_invoice.sandbox.faults import Fault, FaultKind
from kommo_invoice.sandbox.story_record import Played, Scene, is_write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from kommo_invoice.sandbox.playground import Playground
    from kommo_invoice.sandbox.story_record import Teller

FIELDS_MAPPING = "from-fields.toml"
_LINES_FROM_FIELDS = {
    "source": "fields",
    "count": 5,
    "description": "{{ deal['Item ' ~ n] }}",
    "quantity": "{{ first(deal['Qty ' ~ n], 1) }}",
    "unit_price": "{{ deal['Price ' ~ n] }}",
}


class Story:
    """The story; ``play`` tells it once.

    Args:
        ground: Where it happens.
        folder: The working directory, with ``mapping.toml`` in it.
        state: kinv's state folder.
        kinv: Runs one command and returns its exit code.
        teller: Whoever shows it.
    """

    def __init__(
        self,
        ground: Playground,
        folder: Path,
        state: Path,
        kinv: Callable[[list[str]], int],
        teller: Teller,
    ) -> None:
        self._ground = ground
        self._folder = folder
        self._state = state
        self._kinv = kinv
        self._teller = teller
        self.scenes: list[Scene] = []

    @property
    def as_told(self) -> bool:
        """Whether everything went as the story says."""
        return all(holds for scene in self.scenes for _, holds in scene.checks)

    def play(self) -> None:
        """Play all scenes.

        Raises:
            Interrupted, Terminated: A person or the system stopped a command.
        """
        self._deals()
        self._preview()
        self._first_run()
        self._other_lines()
        self._second_run()
        self._lost_answers()
        self._lost_ledger()
        self._end()

    def summary(self) -> str:
        """Return in one line how many of each there are, and how much was asked for."""
        asked = self._ground.world.requests
        sides = Counter(each.provider for each in asked)
        held = story_end.summary(self._ground.sandbox.dump(), self._ground.deals)
        return (
            f"{held}; {len(asked)} requests ({sides['kommo']} to Kommo, {sides['wave']} to Wave), "
            f"{sum(map(is_write, asked))} of them writes"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what happened, and what each side holds, as JSON data."""
        asked = self._ground.world.requests
        return {
            "as_told": self.as_told,
            "scenes": [scene.to_dict() for scene in self.scenes],
            "requests": dict(Counter(each.provider for each in asked)),
            "writes": sum(map(is_write, asked)),
            **self._ground.sandbox.dump(),
        }

    # -- the scenes --------------------------------------------------------------------------

    def _deals(self) -> None:
        self._scene(
            "The deals",
            'Six deals of a digital agency stand in Kommo\'s stage "Issue Invoice". Kommo and Wave '
            "are simulators in this process, reached over real HTTP.",
        )
        kommo, shapes = self._ground.sides.kommo, self._ground.ground.shapes
        self._teller.table(
            "Kommo: Sales, Issue Invoice",
            ["deal", "name", "price", "what is special"],
            [
                (lead, name, f"{kommo.lead(lead).price:.2f}", shapes[name])
                for name, lead in self._ground.deals.items()
            ],
        )

    def _preview(self) -> None:
        self._scene(
            "Look first",
            "The plan of one deal with every value in it. Nothing is written.",
        )
        played = self._invoice("Website relaunch", flags=["--dry-run"])
        self._expect("nothing was written", holds=not played.writes)

    def _first_run(self) -> None:
        self._scene(
            "The run",
            "Four deals in one run. One contact has no e-mail address: that deal is named with "
            "what to do, and the others go on. Exit code 3 says so.",
        )
        played = self._invoice(
            "Website relaunch",
            "Online shop",
            "App prototype",
            "Logo sketch",
            code=ExitCode.SOME_FAILED,
        )
        self._expect(
            "2 new customers, 3 invoices, 3 e-mails: the first client was in Wave already",
            holds=_made(played) == (2, 3, 3),
        )

    def _other_lines(self) -> None:
        self._scene(
            "Another kind of deal",
            "Workshops list their lines in numbered fields. A second mapping reads them; what is "
            "not about lines is the same.",
        )
        whole = tomllib.loads((self._folder / "mapping.toml").read_text(encoding="utf-8"))
        whole["lines"] = _LINES_FROM_FIELDS
        (self._folder / FIELDS_MAPPING).write_text(tomli_w.dumps(whole), encoding="utf-8")
        played = self._invoice("Brand workshop", flags=["--mapping", FIELDS_MAPPING])
        self._expect("1 new customer, 1 invoice, 1 e-mail", holds=_made(played) == (1, 1, 1))

    def _second_run(self) -> None:
        self._scene("Once more", "The same command again: there is nothing left to do.")
        played = self._invoice("Website relaunch", "Online shop", "App prototype")
        self._expect("nothing was written", holds=not played.writes)

    def _lost_answers(self) -> None:
        self._scene(
            "Lost answers",
            "Wave now makes the invoice, then sends the e-mail, and both times the connection "
            "breaks before kinv is told. A tool that simply tries again would bill twice.",
        )
        for operation in ("invoiceCreate", "invoiceSend"):
            self._ground.world.faults.add(Fault("wave", operation, FaultKind.LOSE))
        played = self._invoice("Landing page")
        self._expect("both answers were lost", holds=not self._ground.world.faults.pending())
        self._expect(
            "kinv looked, found both, repeated neither: 1 invoice, 1 e-mail",
            holds=_made(played) == (0, 1, 1),
        )

    def _lost_ledger(self) -> None:
        self._scene(
            "The ledger is lost",
            "kinv's own memory is deleted, as if the disk had died. The mark on each deal and the "
            "reference in Wave say what was done.",
        )
        shutil.rmtree(self._state, ignore_errors=True)  # a story gone wrong may have left none
        played = self._invoice("Website relaunch", "Online shop", "App prototype", "Landing page")
        self._expect("still nothing was written", holds=not played.writes)

    def _end(self) -> None:
        self._scene("What each side holds", "Read from the simulators, not from kinv.")
        picture = self._ground.sandbox.dump()
        self._teller.table(*story_end.deals_table(picture, self._ground.deals))
        self._teller.table(*story_end.invoices_table(picture))
        self._teller.table(*story_end.customers_table(picture))
        for words, holds in story_end.checks(picture, self._ground.deals):
            self._expect(words, holds=holds)

    # -- telling -----------------------------------------------------------------------------

    def _scene(self, title: str, text: str) -> None:
        self.scenes.append(Scene(title))
        self._teller.scene(len(self.scenes), title, text)

    def _invoice(
        self, *names: str, flags: Sequence[str] = (), code: ExitCode = ExitCode.OK
    ) -> Played:
        """Run ``kinv invoice`` on deals by name, and expect its exit code."""
        deals = [part for name in names for part in ("--deal", str(self._ground.deals[name]))]
        arguments = ["invoice", *deals, *flags]
        line = " ".join(["kinv", *arguments])
        self._teller.command(line)
        before = len(self._ground.world.requests)
        ended = self._kinv(arguments)
        if ended == ExitCode.INTERRUPTED:
            raise Interrupted("interrupted", hint="")
        if ended == ExitCode.TERMINATED:
            raise Terminated("terminated", hint="")
        asked = self._ground.world.requests[before:]
        played = Played(
            line,
            ended,
            Counter(each.provider for each in asked),
            Counter(each.operation for each in asked if is_write(each)),
        )
        self.scenes[-1].commands.append(played)
        writes = sum(played.writes.values())
        self._expect(
            f"exit code {int(ended)}; {len(asked) - writes} reads, {writes} writes",
            holds=ended == code,
        )
        return played

    def _expect(self, words: str, *, holds: bool) -> None:
        self.scenes[-1].checks.append((words, holds))
        self._teller.check(words, holds=holds)


def _made(played: Played) -> tuple[int, int, int]:
    """Return how often a customer, an invoice and an e-mail were asked for."""
    return (
        played.writes["customerCreate"],
        played.writes["invoiceCreate"],
        played.writes["invoiceSend"],
    )
