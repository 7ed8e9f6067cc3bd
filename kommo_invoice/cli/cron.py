"""Runs ``kinv doctor`` as cron would run kinv, and tells how that differs from this shell."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kommo_invoice.cli.doctor import conclude, document, show
from kommo_invoice.cli.doctor_facts import seen_here, tokens_of
from kommo_invoice.config.settings import secret_names
from kommo_invoice.engine.doctor_cron import Seen, differences
from kommo_invoice.engine.doctor_findings import Finding, State, exit_code, fails
from kommo_invoice.engine.doctor_tokens import Source
from kommo_invoice.errors import ConfigInvalid, ExitCode, KinvError, Temporary, UsageError
from kommo_invoice.redact import MASK, mask, remember_secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kommo_invoice.cli.wiring import Wiring

TIMEOUT_S = 120.0
"""Seconds that the child may take: two providers that do not answer, each tried again."""

_PATH = "/usr/bin:/bin"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class _Told:
    """What the child said.

    Args:
        seen: What it went by, None where it said nothing readable.
        findings: What it found.
    """

    seen: Seen | None
    findings: tuple[Finding, ...]


def examine_cron(wiring: Wiring, env: Sequence[str]) -> int:
    """Check in cron's environment, show what was found there and what differs from here.

    Args:
        wiring: This shell's.
        env: What the crontab sets, as ``NAME=VALUE``, or ``NAME`` for this shell's value; secrets
            as ``NAME`` alone, since everybody sees a command's arguments.

    Returns:
        The exit code: the worst of both.

    Raises:
        UsageError: A variable is malformed, or a secret stands in the command.
    """
    environment = {**_bare(), **_given(env)}
    here = _here(wiring)
    asked = [] if wiring.asked is None else ["--mapping", str(wiring.asked.absolute())]
    told = _run(environment, asked)
    compared: list[Finding] = []
    if told.seen is not None:
        program = shutil.which("kinv", path=environment["PATH"])
        there = told.seen
        if there.mapping is None and here.mapping is not None:
            # What comes after the missing mapping is told as well, not only on the next try.
            told = _run(environment, ["--mapping", str(here.mapping)])
            tokens = told.seen.tokens if told.seen else {}
            there = Seen(None, there.state_dir, tokens)
        there = Seen(
            there.mapping, there.state_dir, there.tokens, Path(program) if program else None
        )
        compared = list(differences(here, there))
    findings = [*told.findings, *compared]
    if wiring.terminal.as_json:
        wiring.terminal.json({**document(told.seen or here, findings), "environment": "cron"})
    else:
        names = ", ".join(_shown(name, value) for name, value in environment.items())
        wiring.terminal.line(f"as cron runs it, with nothing but {names}", style="bold")
        show(wiring.terminal, findings)
        conclude(wiring.terminal, findings)
    return exit_code(findings)


def _here(wiring: Wiring) -> Seen:
    """Return what this shell goes by; a mapping that is wrong in itself is the child's to tell."""
    try:
        tokens = tokens_of(wiring, wiring.mapping())
    except ConfigInvalid:
        tokens = {}
    return seen_here(wiring, tokens)


def _bare() -> dict[str, str]:
    """Return the whole environment that cron gives: crontab(5)."""
    try:
        person = pwd.getpwuid(os.getuid())
        home, name = person.pw_dir, person.pw_name
    except KeyError:  # a container's user may be a bare number
        home, name = os.environ.get("HOME", "/"), str(os.getuid())
    return {"HOME": home, "LOGNAME": name, "SHELL": "/bin/sh", "PATH": _PATH}


def _given(env: Sequence[str]) -> dict[str, str]:
    found = {}
    for each in env:
        name, given, value = each.partition("=")
        if not _NAME.fullmatch(name):
            # What stands there may be a secret that was meant as a value.
            raise UsageError("--env: give it as NAME=VALUE, or as NAME for this shell's value")
        if given and _secret(name):
            raise UsageError(
                f"--env: {name} is a secret, and other users see the arguments of a command",
                hint=f"give the NAME alone, --env {name}: its value is taken from this shell",
            )
        if not given:
            if name not in os.environ:
                raise UsageError(f"--env: {name} is not set in this shell")
            value = os.environ[name]
        if _secret(name):
            remember_secret(value)
        found[name] = value
    return found


def _secret(name: str) -> bool:
    """Say whether a variable is one of kinv's secrets; their names are read in any case."""
    return name.upper() in {f"KINV_{each.upper()}" for each in secret_names()}


def _shown(name: str, value: str) -> str:
    return mask(f"{name}={MASK if _secret(name) else value}")


def _run(environment: Mapping[str, str], asked: Sequence[str]) -> _Told:
    """Run the doctor in a process that has only this environment: no terminal, no session bus."""
    try:
        ended = subprocess.run(  # noqa: S603 - this very program
            # -P: a folder in HOME that is called like this package is not run in its place.
            [sys.executable, "-P", "-m", "kommo_invoice", "doctor", "--json", *asked],
            env=dict(environment),
            cwd=environment["HOME"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            start_new_session=True,
            check=False,
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        message = f"the checks did not end within {TIMEOUT_S:g} s"
        hint = "something waits for a person or does not answer: see `kinv doctor` without --cron"
        return _Told(None, (fails("cron", Temporary(message, hint=hint)),))
    except OSError as error:
        message = f"nothing can be run in {environment['HOME']}: {error.strerror}"
        hint = "HOME has to be a folder that this user may enter"
        return _Told(None, (fails("cron", ConfigInvalid(message, hint=hint)),))
    try:
        return _read(json.loads(ended.stdout.decode(errors="replace")))
    except (ValueError, KeyError, TypeError):
        return _Told(None, (_broken(ended.returncode, ended.stderr.decode(errors="replace")),))


def _read(told: Mapping[str, Any]) -> _Told:
    seen = Seen(
        mapping=Path(told["mapping"]) if told["mapping"] else None,
        state_dir=Path(told["state_dir"]),
        tokens={provider: Source(source) for provider, source in told["tokens"].items()},
    )
    findings = tuple(
        Finding(
            each["check"],
            State(each["state"]),
            each["evidence"],
            each["hint"],
            ExitCode(each["exit_code"]),
        )
        for each in told["checks"]
    )
    return _Told(seen, findings)


def _broken(code: int, errors: str) -> Finding:
    """Return the finding on a child that ended before it could check anything."""
    said = [line.strip() for line in mask(errors).splitlines() if line.strip()]
    message, hint = "kinv does not even start there", KinvError.default_hint
    if said:
        message = said[0].removeprefix("kinv: ")
        hint = said[-1].removeprefix("→ ") if len(said) > 1 else hint
    known = ExitCode(code) if code in set(ExitCode) and code else ExitCode.BUG
    return Finding("cron", State.FAILS, message, hint, known)
