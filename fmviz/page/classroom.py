"""What a link sets for all pages of a session."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from fmviz.page import address


class Classroom(BaseModel):
    """What holds on all pages of a session.

    Attributes:
        projector: larger type and charts, and what is for reading at home left out.
        vault: test accuracy is locked away while choices are made on validation, and every look
            at it is counted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    projector: bool = False
    vault: bool = False


def read_classroom(query: Mapping[str, str]) -> tuple[Classroom, list[str]]:
    """What a link says for the whole session, and a sentence for what of it could not be read."""
    said, found = {}, []
    for name in Classroom.model_fields.keys() & query.keys():
        try:
            said[name] = address.read(Classroom, name, query[name])
        except address.ParameterError as error:
            found.append(str(error))
    return Classroom(**said), found


def classroom_query(room: Classroom) -> dict[str, str]:
    """The query parameters of a classroom: what differs from an ordinary session."""
    return {name: address.write(value) for name, value in room if value}
