"""A process that wants a good token of Zoho's, once it is told to on its input.

Usage: python zoho_child.py STATE_DIR URL TIME
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

from zoho_ground import Grip

from kommo_invoice.errors import Temporary


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(state_dir: str, url: str, time: str) -> None:
    now = datetime.fromisoformat(time)
    token = Grip(Path(state_dir), url, lambda: now).token()
    say("ready")
    sys.stdin.readline()
    try:
        answer = {"token": token.token()}
    except Temporary as error:
        until = "" if error.retry_at is None else error.retry_at.isoformat()
        answer = {"error": type(error).__name__, "until": until}
    say(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
