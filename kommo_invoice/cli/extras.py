"""What is installed only with an extra."""

from __future__ import annotations

from importlib.util import find_spec


def need_sandbox(command: str) -> None:
    """Check that the simulators' libraries are installed.

    Args:
        command: The command that needs them.

    Raises:
        UsageError: One is missing.
    """
    from kommo_invoice.errors import UsageError

    missing = [name for name in ("graphql", "starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"`{command}` needs the simulators, and {', '.join(missing)} is not installed",
            hint="run `pip install 'kommo-invoice[sandbox]'`, or in a checkout "
            "`pip install '.[sandbox]'`",
        )
