"""A process that has read its token long ago; told to on its input, it wants a good one.

Usage: python token_child.py kinv|naive STATE_DIR URL
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.append(str(Path(__file__).parents[1] / "support"))

from token_ground import Ground

from kommo_invoice.errors import KinvError

if TYPE_CHECKING:
    from collections.abc import Callable


def by_kinv(ground: Ground) -> Callable[[], str]:
    token = ground.token()
    now, ground.now = ground.now, ground.now - timedelta(days=1)
    token.token()
    ground.now = now
    return token.token


def naive(ground: Ground) -> Callable[[], str]:
    """Refresh as most programs do: read, ask, write."""
    secret = ground.secret

    def refreshed() -> str:
        tokens = ground.endpoint.refresh(secret)
        new = {"access_token": tokens.access_token, "refresh_token": tokens.refresh_token}
        ground.put(secret.model_copy(update=new))
        return tokens.access_token

    return refreshed


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(way: str, state_dir: str, url: str) -> None:
    ground = Ground(Path(state_dir), url)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    token = (by_kinv if way == "kinv" else naive)(ground)
    say("ready")
    sys.stdin.readline()
    try:
        answer = {"token": token()}
    except KinvError as error:
        answer = {"error": type(error).__name__, "exit": str(int(error.exit_code))}
    say(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
