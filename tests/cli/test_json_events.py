"""``--json``: stdout holds data only, and every event is of the documented form."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kommo_invoice.cli.event_examples import EXAMPLES

if TYPE_CHECKING:
    from stage import Result, Stage

HEAD = {"v", "event", "run", "deal", "claim"}
OPTIONAL = {"number"}
"""Of a step: the invoice's number, where there is an invoice."""


def example(kind: str) -> dict[str, Any]:
    return next(each for _, each in EXAMPLES if each["event"] == kind)


@pytest.fixture
def eventful(stage: Stage) -> Result:
    """A run with every kind of event: one deal done before, one new, one that does not exist."""
    stage.invoice(stage.deal)
    return stage.invoice(stage.deal, stage.other, 404)


def test_every_event_has_its_head(eventful: Result) -> None:
    assert {event["event"] for event in eventful.events} == {each["event"] for _, each in EXAMPLES}
    assert {event["v"] for event in eventful.events} == {1}
    assert len({event["run"] for event in eventful.events}) == 1
    for event in eventful.events:
        assert event.keys() >= HEAD


def test_the_summary_comes_last_and_once(eventful: Result) -> None:
    (summary,) = eventful.of("summary")
    assert eventful.events[-1] == summary
    assert summary["deals"] == {"failed": 1, "unchanged": 1, "invoiced": 1}
    assert summary["totals"] == {"GBP": "1547.64"}
    assert summary["exit_code"] == eventful.code == 3


def test_the_documented_examples_have_the_keys_of_real_events(eventful: Result) -> None:
    for event in eventful.events:
        documented = example(event["event"])
        assert event.keys() - OPTIONAL == documented.keys() - OPTIONAL
    (plan,) = eventful.of("plan")
    documented = example("plan")
    assert plan["customer"].keys() == documented["customer"].keys()
    assert plan["steps"][0].keys() == documented["steps"][0].keys()


def test_the_examples_are_shown_by_the_help_topic(stage: Stage) -> None:
    lines = stage.kinv("help", "events").out.splitlines()
    shown = [json.loads(line) for line in lines if line.startswith("{")]
    assert shown == [each for _, each in EXAMPLES]


@pytest.mark.parametrize(
    ("arguments", "environment", "category", "code"),
    [
        ([], {"KINV_WAVE_TOKEN": ""}, "login", 4),
        ([], {"KINV_KOMMO_TOKEN": ""}, "login", 4),
        ([], {"KINV_SETTLE_S": "soon"}, "config", 7),
        ([], {"KINV_MAPPING": "/nowhere.toml"}, "config", 7),
        (["--wait", "soon"], {}, "usage", 2),
    ],
    ids=str,
)
def test_what_ends_the_whole_run_is_told_to_programs_and_people(
    arguments: list[str], environment: dict[str, str], category: str, code: int, stage: Stage
) -> None:
    ended = stage.kinv("invoice", "--deal", stage.deal, "--json", *arguments, **environment)
    assert ended.code == code
    error, summary = ended.events
    assert (error["event"], error["category"], error["exit_code"]) == ("error", category, code)
    assert error["deal"] is error["claim"] is None
    assert (summary["event"], summary["exit_code"]) == ("summary", code)
    assert error["message"]
    assert error["hint"]


def test_a_bug_still_ends_with_a_summary(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("kommo_invoice.engine.invoicing.Invoicing.run", broken)
    ended = stage.invoice()
    assert ended.code == 1
    assert [event["event"] for event in ended.events] == ["error", "summary"]
    assert ended.events[0]["category"] == "internal"
    assert "the report is in" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"],
        ["mapping", "show"],
        ["mapping", "check"],
        ["ledger", "path"],
        ["ledger", "show", "--deal", "{deal}"],
    ],
    ids=" ".join,
)
def test_a_read_is_one_document(arguments: list[str], stage: Stage) -> None:
    stage.invoice()
    named = [each.format(deal=stage.deal) for each in arguments]
    ended = stage.kinv(*named, "--json")
    assert ended.code == 0
    assert isinstance(json.loads(ended.out), dict)
    assert not ended.err


def test_the_trail_is_one_document_a_line(stage: Stage) -> None:
    stage.invoice()
    ended = stage.kinv("ledger", "export", "--json")
    assert ended.out == stage.kinv("ledger", "export", "--format", "json").out
    assert {each["deal"] for each in map(json.loads, ended.out.splitlines())} == {stage.deal}


def test_logs_go_to_stderr(stage: Stage) -> None:
    ended = stage.kinv("--debug-http", "invoice", "--deal", stage.deal, "--json")
    assert ended.events
    assert "invoiceCreate" in ended.err
