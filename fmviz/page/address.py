"""The fields of a pydantic model as query parameters and back.

A parameter is a field's name and its value: None is "off", a tuple its words with commas between
them or "none", yes and no are "true" and "false". What a parameter may say is read from the
model, so a field has its choices, bounds and default in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from fmviz.run.config import bounds_in_words
from fmviz.run.quoting import quoted

# Letters of a text whose usability is remembered.
REMEMBERED = 200


@dataclass(frozen=True)
class OneOf:
    """Of `Annotated`: the value is one of these, which are numbers or the names of a table. Words
    that a field has of its own are a `Literal`."""

    choices: tuple[Any, ...]

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._known, handler(source))

    def _known(self, value: Any) -> Any:
        if value not in self.choices:
            raise ValueError("unknown choice")
        return value


class ParameterError(ValueError):
    """A parameter whose text its field cannot have; the message names both, and what it can."""


def choices(model: type[BaseModel], field: str) -> tuple[Any, ...]:
    """What a field or, where it is a tuple, each of its items is one of; empty where it is free."""
    info = model.model_fields[field]
    for rule in info.metadata:
        if isinstance(rule, OneOf):
            return rule.choices
    annotation: Any = info.annotation
    if _is_tuple(annotation):
        annotation = get_args(annotation)[0]
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def read(model: type[BaseModel], field: str, text: str) -> Any:
    """A field's value from its parameter, whatever the model's other fields hold.

    Raises:
        ParameterError: the field cannot have it.
    """
    annotation = model.model_fields[field].annotation
    value: Any = text
    if _is_tuple(annotation):
        value = tuple(text.split(",")) if text != "none" else ()
    elif text == "off" and _is_optional(annotation):
        value = None
    try:
        return getattr(model.model_validate({field: value}), field)
    except ValidationError as error:
        # What only the model knows, its validator says.
        said = [str(e["ctx"]["error"]) for e in error.errors() if e["type"] == "value_error"]
        expected = allowed(model, field) or said[0]
        raise ParameterError(f"{field} must be {expected}, not {quoted(text)}") from error


def usable(model: type[BaseModel], field: str, value: Any) -> bool:
    """Whether a field can have a value as it stands, whatever the model's other fields hold."""
    # Asked for every field at every move. What a text field holds may be of any length, and is
    # not worth remembering.
    ask = _usable.__wrapped__ if isinstance(value, str) and len(value) > REMEMBERED else _usable
    return ask(model, field, value)


@lru_cache(maxsize=4096, typed=True)
def _usable(model: type[BaseModel], field: str, value: Any) -> bool:
    try:
        return same(getattr(model.model_validate({field: value}), field), value)
    except ValidationError:
        return False


def same(read: Any, given: Any) -> bool:
    """Whether a validated value is the one that was given: "3" and True can be read as numbers, and
    are none."""
    return bool(read == given) and isinstance(read, bool) == isinstance(given, bool)


def allowed(model: type[BaseModel], field: str) -> str:
    """What a field accepts, as words for an error message; empty where only a validator of the
    model knows."""
    info = model.model_fields[field]
    offered = ", ".join(f"{c:g}" if isinstance(c, float) else str(c) for c in choices(model, field))
    if _is_tuple(info.annotation):
        return f"some of {offered}, with commas between them" if offered else ""
    if offered:
        return f"one of {offered}"
    if info.annotation is bool:
        return "true or false"
    if info.annotation is str:
        (longest,) = (rule.max_length for rule in info.metadata if hasattr(rule, "max_length"))
        return f"{info.description}, in at most {longest} characters"
    return ("off or " if _is_optional(info.annotation) else "") + bounds_in_words(info)


def write(value: Any) -> str:
    """A value as a parameter."""
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    if value is None:
        return "off"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def differing(values: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """The parameters that a link needs: those that differ from the defaults, in their order."""
    return {name: values[name] for name in defaults if values[name] != defaults[name]}


def _is_tuple(annotation: Any) -> bool:
    return get_origin(annotation) is tuple


def _is_optional(annotation: Any) -> bool:
    return type(None) in get_args(annotation)
