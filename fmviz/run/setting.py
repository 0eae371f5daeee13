"""What a row of the table of settings holds. The table is `fmviz.run.settings`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

Values = Mapping[str, Any]
Group = Literal["Network", "Penalty", "Images", "Training"]
GROUPS: tuple[Group, ...] = get_args(Group)


class Needs(NamedTuple):
    """What a setting needs of the others to have an effect, in words and of their values."""

    words: str
    met: Callable[[Values], bool]


class Part(NamedTuple):
    """A setting that has a meaning under some words of another one alone.

    Where runs differ in that one, it speaks for its parts.

    Attributes:
        of: the other one.
        under: those of its words.
        needs: in words what `of` and `under` say, where those would not say all of it.
    """

    of: str
    under: tuple[str, ...]
    needs: str = ""


@dataclass(frozen=True)
class Setting:
    """How pages speak of a setting, and which of its values they offer.

    Attributes:
        label: of its control.
        name: at the head of a table's column and in short sentences.
        group: of the controls that are folded away; None for what is set another way.
        symbol: before a value, as in "λ = 10"; `name` unless given.
        knob: in lists of what a sweep can turn, and along its axis; `label`, in small letters,
            unless given.
        file: before its value in a file's name; the field's own name unless given, and nothing
            before a word of a table.
        slider: values of its control; without any that is a list of words or a number.
        step: of such a number.
        swept: values that a sweep takes unless told otherwise; without any it is no knob.
        log: whether its axis is logarithmic.
        percent: whether a person writes it in per cent.
        when: what it needs to have an effect; without that it has its default.
        late: whether it came after the records of the present schema. Those were made with its
            default, which therefore is no part of a run's key.
        branches: whether it may change in the middle of a run, at a branch.
    """

    label: str
    name: str
    group: Group | None
    symbol: str = ""
    knob: str = ""
    file: str = ""
    slider: tuple[float, ...] = ()
    step: int = 1
    swept: tuple[Any, ...] = ()
    log: bool = False
    percent: bool = False
    when: Needs | Part | None = None
    late: bool = False
    branches: bool = False
