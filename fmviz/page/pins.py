"""Pinned runs: a name and a run each, in a link and back.

A pin is written `name:field=value,field=value`, with the settings that differ from the defaults of
`RunConfig`, each as a page's link has it. No setting has a colon in it, so the last one ends the
name, and a name may hold any character that can be seen. A link has one parameter a pin.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import ValidationError

from fmviz.run.config import DEFAULTS, RunConfig, allowed, from_text, problems
from fmviz.run.naming import differing_settings, word
from fmviz.run.quoting import quoted
from fmviz.run.settings import written
from fmviz.words.escaping import escaped

PARAMETER = "pin"
MAX_PINS = 12
MAX_NAME = 40


class PinError(ValueError):
    """A name or a text that is no pin; `sentences` say why, each for itself."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("; ".join(sentences))
        self.sentences = sentences


class Pin(NamedTuple):
    """A run that a reader keeps, by a name of their own."""

    name: str
    config: RunConfig


class Read(NamedTuple):
    """What a link's pins come to: those that could be read, and a sentence for every fault."""

    pins: tuple[Pin, ...]
    problems: list[str]


def checked_name(name: str, others: Sequence[str] = ()) -> str:
    """A name without white space at its ends.

    Args:
        others: names that are taken.

    Raises:
        PinError: empty, too long, not printable, or taken.
    """
    name = name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise PinError(
            f"the name of a pin must have from 1 to {MAX_NAME} characters that can be seen, "
            f"not {quoted(name, MAX_NAME)}"
        )
    if name in others:
        raise PinError(f"the name of a pin must be its own, and {quoted(name, MAX_NAME)} is taken")
    return name


def encode(pin: Pin) -> str:
    """A pin as it stands in a link."""
    settings = [
        f"{field}={written(field, pin.config[field])}"
        for field, default in DEFAULTS.items()
        if pin.config[field] != default
    ]
    return f"{pin.name}:{','.join(settings)}"


def decode(text: str) -> Pin:
    """A pin from a link.

    Raises:
        PinError: the name or a setting is not allowed, or the settings do not go together.
    """
    name, colon, settings = text.rpartition(":")
    if not colon:
        raise PinError(
            f"a pin must be a name, a colon and settings such as lam=20 with commas between them, "
            f"not {quoted(text)}"
        )
    name = checked_name(name)
    found: list[str] = []
    values = {}
    for item in settings.split(",") if settings else ():
        field, _, value = item.partition("=")
        if field not in DEFAULTS:
            known = ", ".join(DEFAULTS)
            found.append(f"{quoted(field)} is no setting of a run; there are {known}")
        elif field in values:
            found.append(f"{field} must be given once, not twice")
        else:
            try:
                values[field] = from_text(field, value)
            except ValueError:
                # So that a second one is found all the same.
                values[field] = DEFAULTS[field]
                found.append(f"{field} must be {allowed(field)}, not {quoted(value)}")
    if not found:
        try:
            return Pin(name, RunConfig.model_validate(DEFAULTS | values))
        except ValidationError as error:
            found = problems(error)
    raise PinError(*(f"pin {quoted(name, MAX_NAME)}: {sentence}" for sentence in found))


def decode_all(texts: Sequence[str]) -> Read:
    """The pins of a link. One that cannot be read does not keep the others from being read."""
    found: list[Pin] = []
    said: list[str] = []
    for text in texts[:MAX_PINS]:
        try:
            pin = decode(text)
            checked_name(pin.name, [other.name for other in found])
        except PinError as error:
            said += error.sentences
        else:
            found.append(pin)
    if len(texts) > MAX_PINS:
        said.append(
            f"there may be at most {MAX_PINS} parameters {PARAMETER}, not {len(texts)}; "
            f"those after the first {MAX_PINS} are left out"
        )
    return Read(tuple(found), said)


def encode_all(pins: Sequence[Pin]) -> list[str]:
    """All pins, one parameter each."""
    return [encode(pin) for pin in pins]


def added(pins: Sequence[Pin], name: str, config: RunConfig) -> tuple[Pin, ...]:
    """The pins and one more.

    Raises:
        PinError: the run is pinned already, the name is not allowed, or there are as many as there
            may be.
    """
    for other in pins:
        if other.config == config:
            raise PinError(f"this run is pinned already, as {quoted(other.name, MAX_NAME)}")
    pin = Pin(checked_name(name, [other.name for other in pins]), config)
    if len(pins) >= MAX_PINS:
        raise PinError(f"there may be at most {MAX_PINS} pins: remove one on the page Compare")
    return (*pins, pin)


def renamed(pins: Sequence[Pin], old: str, new: str) -> tuple[Pin, ...]:
    """The pins, one of them under another name.

    Raises:
        PinError: the name is not allowed.
    """
    name = checked_name(new, [pin.name for pin in pins if pin.name != old])
    return tuple(pin._replace(name=name) if pin.name == old else pin for pin in pins)


def removed(pins: Sequence[Pin], name: str) -> tuple[Pin, ...]:
    """The pins without one."""
    return tuple(pin for pin in pins if pin.name != name)


def suggested(config: RunConfig, beside: Sequence[RunConfig], taken: Sequence[str]) -> str:
    """A name for a run: what sets it apart from those beside it, and where that name is taken or
    there is nothing, what sets it apart from the defaults.

    Args:
        taken: names that it must not have.
    """
    apart = differing_settings([config, *beside])
    name = _with("", config, apart)
    for field in differing_settings([config, RunConfig()]):
        if name and name not in taken:
            break
        if field not in apart:
            name = _with(name, config, [field])
    name = name or "default"
    count, tried = 1, name
    while tried in taken:
        count += 1
        tail = f" ({count})"
        tried = name[: MAX_NAME - len(tail)].rstrip() + tail
    return tried


def _with(name: str, config: RunConfig, fields: Sequence[str]) -> str:
    """A name and what a run has in some settings, as far as there is room."""
    for field in fields:
        more = word(field, config)
        longer = f"{name}, {more}" if name else more
        if len(longer) <= MAX_NAME:
            name = longer
    return name


def bold(name: str) -> str:
    """A name of a reader's in a sentence, as Markdown."""
    return f"**{escaped(name)}**"
