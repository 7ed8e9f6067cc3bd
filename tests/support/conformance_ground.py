"""What both conformance suites stand on: a simulator over real HTTP, and clients to it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from kommo_invoice import errors
from kommo_invoice.errors import KinvError
from kommo_invoice.http import Client
from kommo_invoice.sandbox.faults import Fault, FaultKind
from kommo_invoice.sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from kommo_invoice.http import OpenClient
    from kommo_invoice.sandbox.server import Simulator
    from kommo_invoice.sandbox.world import World

_DECIDING = frozenset(each for each in vars(errors).values() if isinstance(each, type))


@dataclass(frozen=True)
class GivenToken:
    """A token that cannot be renewed, as one from the environment."""

    value: str

    def token(self) -> str:
        return self.value

    def renew(self) -> bool:
        return False

    def explain(self) -> str:
        return "set the token"


@dataclass(frozen=True)
class Scripted:
    """An answer that the provider gives instead of acting."""

    status: int
    body: Any = ""


def outcomes(calls: Mapping[str, Callable[[], object]]) -> dict[str, type[Exception] | None]:
    """Make the calls and return what error each came to; None where it succeeded."""
    ended: dict[str, type[Exception] | None] = {}
    for name, call in calls.items():
        try:
            call()
        except KinvError as error:
            # A provider may have a class of its own below the one that decides.
            ended[name] = next(each for each in type(error).__mro__ if each in _DECIDING)
        else:
            ended[name] = None
    return ended


class Ground:
    """One provider's simulator, running.

    Subclasses seed it and say how its people do what a suite needs done there.

    Attributes:
        provider: As the mapping names it.
        deviations: Name of a test -> why it does not hold here.
        unauthorised: How it turns away a token that lacks a right.
    """

    provider: ClassVar[str]
    deviations: Mapping[str, str] = MappingProxyType({})
    unauthorised: ClassVar[Scripted]

    def __init__(self, state_dir: Path, world: World, simulator: Simulator) -> None:
        self.world = world
        self.world.unlimited = True
        self._state_dir = state_dir
        self._sandbox = Sandbox(world, [simulator]).start()
        self._clients: list[Client] = []

    @property
    def url(self) -> str:
        return self._sandbox.urls[self.provider]

    @property
    def token(self) -> str:
        return next(iter(self.world.tokens[self.provider]))

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self._sandbox.stop()

    def open_client(self, token: str | None = None) -> OpenClient:
        """Return what adapters open their clients with."""

        def opened(*given: Any) -> Client:
            client = Client(
                *given,
                auth=GivenToken(token or self.token),
                state_dir=self._state_dir,
                clock=self.world.now,
                rate_factor=float("inf"),
            )
            self._clients.append(client)
            return client

        return opened

    def spoil(self, operation: str, kind: FaultKind) -> None:
        """Have the next such request go wrong."""
        self.world.faults.add(Fault(self.provider, operation, kind))

    def answer(self, scripted: Scripted, *, retry_after: str | None = None) -> None:
        """Have every request answered so, without anything being done."""
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        self.world.faults.add(
            Fault(
                self.provider,
                ".",
                FaultKind.STATUS,
                times=None,
                status=scripted.status,
                body=scripted.body,
                headers=headers,
            )
        )

    def requests(self) -> list[str]:
        """Return the operations asked for since the last ``forget``."""
        return [record.operation for record in self.world.requests]

    def forget(self) -> None:
        """Begin to count requests anew."""
        self.world.requests.clear()
