"""The sandbox's own API, for tests and people in other processes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from kommo_invoice.sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from kommo_invoice.sandbox.world import World


def control_app(world: World, dump: Callable[[], dict[str, Any]]) -> Starlette:
    """Return the API for tests and people in other processes.

    ``GET /world``, ``GET /requests``, ``POST /faults`` (one rule or a list), ``DELETE /faults``,
    ``POST /clock {"advance_s"}``, ``POST /lag {"seconds"}``, ``POST /expire {"provider"}``.
    """

    async def show(_: Request) -> JSONResponse:
        return JSONResponse(dump())

    async def requests(_: Request) -> JSONResponse:
        return JSONResponse([asked.to_dict() for asked in world.requests])

    async def add_faults(request: Request) -> JSONResponse:
        data = await request.json()
        try:
            world.faults.add(
                *(Fault.from_dict(rule) for rule in (data if isinstance(data, list) else [data]))
            )
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse([fault.to_dict() for fault in world.faults.pending()])

    async def clear_faults(_: Request) -> JSONResponse:
        world.faults.clear()
        return JSONResponse([])

    async def clock(request: Request) -> JSONResponse:
        seconds = float((await request.json())["advance_s"])
        # What becomes due runs on this very loop, so it is not waited for from here.
        await asyncio.to_thread(world.advance, seconds)
        return JSONResponse({"now": world.now().isoformat()})

    async def lag(request: Request) -> JSONResponse:
        world.lag_s = float((await request.json())["seconds"])
        return JSONResponse({"seconds": world.lag_s})

    async def expire(request: Request) -> JSONResponse:
        world.expire((await request.json())["provider"])
        return JSONResponse({})

    return Starlette(
        routes=[
            Route("/world", show),
            Route("/requests", requests),
            Route("/faults", add_faults, methods=["POST"]),
            Route("/faults", clear_faults, methods=["DELETE"]),
            Route("/clock", clock, methods=["POST"]),
            Route("/lag", lag, methods=["POST"]),
            Route("/expire", expire, methods=["POST"]),
        ]
    )
