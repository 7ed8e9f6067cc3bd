"""A process on a session's D-Bus, beside a keyring or in its place.

bus_child.py wait      returns when somebody serves secrets
bus_child.py mute      serves them, says so, and never answers until its input ends
"""

from __future__ import annotations

import sys

from jeepney import MatchRule, message_bus  # type: ignore[import-untyped]
from jeepney.io.blocking import (  # type: ignore[import-untyped]
    DBusConnection,
    Proxy,
    open_dbus_connection,
)

NAME = "org.freedesktop.secrets"
WAIT_S = 30.0


def wait(connection: DBusConnection) -> None:
    rule = MatchRule(type="signal", interface="org.freedesktop.DBus", member="NameOwnerChanged")
    rule.add_arg_condition(0, NAME)
    with connection.filter(rule) as changes:
        bus = Proxy(message_bus, connection)
        bus.AddMatch(rule)
        if not bus.NameHasOwner(NAME)[0]:
            connection.recv_until_filtered(changes, timeout=WAIT_S)


def mute(connection: DBusConnection) -> None:
    Proxy(message_bus, connection).RequestName(NAME)
    sys.stdout.write(f"{NAME}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    with open_dbus_connection() as opened:
        {"wait": wait, "mute": mute}[sys.argv[1]](opened)
