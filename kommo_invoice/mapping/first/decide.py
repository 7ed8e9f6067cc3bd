"""What a first mapping says, decided from both accounts, from flags and from a person's answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kommo_invoice.domain.deal import StageKind
from kommo_invoice.domain.fields import FieldKind
from kommo_invoice.errors import ConfigInvalid, UsageError
from kommo_invoice.mapping.first import found
from kommo_invoice.mapping.first.answers import Option, Question
from kommo_invoice.mapping.first.names import (
    INVOICED,
    ISSUE,
    PAID,
    Spelled,
    likely,
    spelled,
)
from kommo_invoice.mapping.first.wishes import NONE, given
from kommo_invoice.mapping.resolve import (
    Unresolved,
    pick_field,
    pick_pipeline,
    pick_stage,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kommo_invoice.domain.deal import CrmSetup, Pipeline, Stage
    from kommo_invoice.domain.fields import FieldDef
    from kommo_invoice.mapping.first.answers import Answers
    from kommo_invoice.mapping.first.found import Written
    from kommo_invoice.mapping.first.wishes import Wishes


_OTHER_FIELD = (
    "name a text field of deals, by name or id, or a new one, which --create-fields makes"
)


@dataclass(frozen=True, slots=True)
class CrmPart:
    """What the CRM account decides.

    Args:
        pipeline: Whose deals are invoiced.
        stages: The stages that ask for an invoice.
        invoiced: Where deals go when they are invoiced.
        paid: Where deals go when they are paid.
        mark: The field for kinv's own mark.
        mark_exists: Whether the account has it.
        reads: Expressions over custom fields, by key.
        writes: The fields that the deal is told the invoice's facts in.
        create: Whether the fields that are missing are to be made.
    """

    pipeline: Spelled
    stages: tuple[Spelled, ...]
    invoiced: Spelled | None
    paid: Spelled | None
    mark: Spelled
    mark_exists: bool
    reads: Mapping[str, str]
    writes: tuple[Written, ...]
    create: bool

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields that the account lacks, by name."""
        own = () if self.mark_exists else (str(self.mark),)
        return own + tuple(str(each.field) for each in self.writes if not each.exists)


def decide_crm(setup: CrmSetup, wishes: Wishes, answers: Answers, crm: str) -> CrmPart | None:
    """Decide what the CRM account decides.

    Args:
        setup: The account with all custom fields.
        wishes: What flags say.
        answers: Asks for the rest.
        crm: The provider's name, for questions.

    Returns:
        None where an answer is missing; ``answers`` knows which.

    Raises:
        UsageError: A flag names what does not exist.
        ConfigInvalid: The account has no pipeline.
    """
    if not setup.pipelines:
        raise ConfigInvalid(
            f"the {crm} account {setup.account.name!r} has no pipeline",
            hint=f"make a pipeline with a stage for invoices in {crm}, then run it again",
        )
    pipeline = _pipeline(setup.pipelines, wishes, answers)
    if pipeline is None:
        return None
    stages = _stages(pipeline, wishes, answers)
    if not stages:
        return None

    def name(stage: Stage | None) -> Spelled | None:
        return None if stage is None else spelled_stage(stage, pipeline)

    invoiced = _move("--invoiced-stage", wishes.invoiced, pipeline, stages, INVOICED, answers)
    after = (*stages, invoiced) if invoiced else stages
    paid = _move("--paid-stage", wishes.paid, pipeline, after, PAID, answers)
    mark, exists = _mark(setup.fields, wishes)
    writes = tuple(found.writes(setup.fields, mark))
    part = CrmPart(
        pipeline=spelled(pipeline, lambda text: pick_pipeline(text, setup.pipelines)),
        stages=tuple(spelled_stage(each, pipeline) for each in stages),
        invoiced=name(invoiced),
        paid=name(paid),
        mark=mark,
        mark_exists=exists,
        reads=found.reads(setup.fields),
        writes=writes,
        create=wishes.create_fields,
    )
    return _asked_to_create(part, answers, crm)


def spelled_stage(stage: Stage, pipeline: Pipeline) -> Spelled:
    """Return how the mapping names a stage; the won stage keeps its word when it is renamed."""
    if stage.kind is StageKind.WON and _is(pipeline, "won", stage):
        return Spelled("won", stage.name)
    return spelled(stage, lambda text: pick_stage(text, pipeline))


def _is(pipeline: Pipeline, text: str, stage: Stage) -> bool:
    try:
        return pick_stage(text, pipeline) == stage
    except Unresolved:
        return False


def _stage(flag: str, wish: str, pipeline: Pipeline) -> Stage:
    return given(flag, lambda: pick_stage(wish, pipeline), pipeline.stages)


def _pipeline(pipelines: Sequence[Pipeline], wishes: Wishes, answers: Answers) -> Pipeline | None:
    if wishes.pipeline is not None:
        wanted = wishes.pipeline
        return given("--pipeline", lambda: pick_pipeline(wanted, pipelines), pipelines)
    names = {
        spelled(each, lambda text: pick_pipeline(text, pipelines)).text: each for each in pipelines
    }
    guess = [text for text, each in names.items() if likely(each.stages, ISSUE)]
    if len(names) == 1:
        guess = list(names)
    answer = answers.choose(
        Question(
            "--pipeline",
            "Which pipeline's deals are invoiced?",
            tuple(Option(text, each.name) for text, each in names.items()),
            guess[0] if len(guess) == 1 else None,
        )
    )
    return None if answer is None else names[answer]


def _stages(pipeline: Pipeline, wishes: Wishes, answers: Answers) -> tuple[Stage, ...]:
    if wishes.stages:
        chosen = [_stage("--stage", each, pipeline) for each in wishes.stages]
        if any(each.kind is StageKind.LOST for each in chosen):
            raise UsageError("--stage: a lost deal is never invoiced", hint="name another stage")
        return tuple(dict.fromkeys(chosen))
    names = {
        spelled_stage(each, pipeline).text: each
        for each in pipeline.stages
        if each.kind is not StageKind.LOST
    }
    guess = likely(pipeline.stages, ISSUE)
    won = next((text for text, each in names.items() if each.kind is StageKind.WON), None)
    answer = answers.choose(
        Question(
            "--stage",
            f"Which stage of {pipeline.name} asks for an invoice?",
            tuple(Option(text, each.name) for text, each in names.items()),
            spelled_stage(guess, pipeline).text if guess else won,
        )
    )
    return () if answer is None else (names[answer],)


def _move(
    flag: str,
    wish: str | None,
    pipeline: Pipeline,
    before: Sequence[Stage],
    usual: Sequence[str],
    answers: Answers,
) -> Stage | None:
    """Decide where deals are moved to; nowhere where nothing speaks for a stage."""
    if wish is not None:
        if wish.casefold() == NONE:
            return None
        return _stage(flag, wish, pipeline)
    names = {
        spelled_stage(each, pipeline).text: each
        for each in pipeline.stages
        if each not in before and each.kind is not StageKind.LOST
    }
    # A move would take a won deal out of won again.
    won = any(each.kind is StageKind.WON for each in before)
    guess = None if won else likely([*names.values()], usual)
    when = "invoiced" if usual is INVOICED else "paid"
    answer = answers.choose(
        Question(
            flag,
            f"Where does a deal go when it is {when}?",
            (
                *(Option(text, each.name) for text, each in names.items()),
                Option(NONE, "it stays where it is"),
            ),
            spelled_stage(guess, pipeline).text if guess else NONE,
        )
    )
    return names.get(answer or NONE)


def _mark(fields: Sequence[FieldDef], wishes: Wishes) -> tuple[Spelled, bool]:
    wanted = wishes.invoice_field
    if wanted is None:
        return found.mark(fields)
    own = [field for field in fields if field.entity == "deal"]
    try:
        chosen = pick_field(wanted, own, "deal")
    except Unresolved as error:
        _check_new(wanted, error, found.coded_mark(own))
        return Spelled(wanted, wanted), False
    if chosen.kind is not FieldKind.TEXT or not chosen.writable:
        raise UsageError(
            f"--invoice-field: {chosen.name!r} is no text field, but {chosen.type}",
            hint=_OTHER_FIELD,
        )
    return spelled(chosen, lambda text: pick_field(text, own, "deal")), True


def _check_new(wanted: str, error: Unresolved, own: FieldDef | None) -> None:
    """Check that a field for the mark that is not there can be made under the given name.

    Args:
        wanted: The name.
        error: Why it means no field.
        own: The field that kinv made for its mark already.

    Raises:
        UsageError: It cannot.
    """
    if error.message.startswith("several"):
        raise UsageError(f"--invoice-field: {error}", hint=_OTHER_FIELD)
    if own is not None:
        raise UsageError(
            f"--invoice-field: {error.message}; kinv's own is called {own.name!r}",
            hint="leave --invoice-field out: that field is taken",
        )
    if "{{" in wanted or wanted.strip().isdecimal() or not wanted.strip():
        raise UsageError(f"--invoice-field: {wanted!r} is no name for a field", hint=_OTHER_FIELD)


def _asked_to_create(part: CrmPart, answers: Answers, crm: str) -> CrmPart:
    """Ask whether the missing fields are to be made, where there is somebody to ask."""
    if part.create or not part.missing or answers.ask is None:
        return part
    named = ", ".join(map(repr, part.missing))
    answer = answers.choose(
        Question(
            "--create-fields",
            f"{crm} lacks fields that the deal's invoice is written to: {named}. Make them now?",
            (Option("yes"), Option("no")),
            "yes",
        )
    )
    return replace(part, create=answer == "yes")
