"""Reading a provider's answer into its shape: what does not fit is an answer that was lost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar, TypeVar

from pydantic import BaseModel, ValidationError

from kommo_invoice.errors import LostAnswer, Temporary

DAWN = datetime.min.replace(tzinfo=UTC)
"""Stands for a time that an answer does not tell, before all others."""


class Shape(BaseModel):
    """An object of a provider.

    Attributes:
        answerer: Whose it is, as it stands before "answer" in an error.
    """

    answerer: ClassVar[str]


_Shape = TypeVar("_Shape", bound=Shape)


def parse(shape: type[_Shape], data: object, *, after_write: bool = False) -> _Shape:
    """Return data of an answer in its shape.

    Raises:
        Temporary: The data has another shape; a LostAnswer where it answers a write.
    """
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(each) for each in first["loc"]) or "the whole"
        kind = LostAnswer if after_write else Temporary
        raise kind(
            f"{shape.answerer} answer cannot be read: {where}: {first['msg']}",
            hint="if this persists, upgrade kinv",
        ) from None
