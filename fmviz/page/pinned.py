"""The pins of a session, and how they go with the addresses that it meets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fmviz.page.pins import Pin, decode_all, encode_all


@dataclass
class Pinned:
    """The pinned runs of a session, in their order.

    Attributes:
        problems: what is wrong with the pins of the present address, a sentence each.
        faulty: those of an address that could not be read whole, as they stand in it.
        seen: those of all addresses so far.
    """

    pins: tuple[Pin, ...] = ()
    problems: list[str] = field(default_factory=list)
    faulty: tuple[str, ...] | None = None
    seen: set[tuple[str, ...]] = field(default_factory=set)

    def read(self, texts: tuple[str, ...]) -> list[str]:
        """Come in line with an address: a link that has pins replaces the session's, one without
        keeps them, and so does one that this session has had before, to which a browser goes back.

        Args:
            texts: the address's pins.

        Returns:
            What is wrong with them, a sentence each.
        """
        if texts != self.faulty:
            self.problems, self.faulty = [], None
            if texts and texts not in self.seen:
                self.pins, self.problems = decode_all(texts)
                self.faulty = texts if self.problems else None
                self.seen.add(texts)
        return self.problems

    def keep(self, pins: Sequence[Pin]) -> None:
        """Pin these runs and no others. What was wrong with the address is past then."""
        self.pins, self.problems, self.faulty = tuple(pins), [], None

    def parameters(self) -> list[str]:
        """The pins as they stand in every page's address; faulty ones stay, to be seen and
        mended."""
        texts = self.faulty or tuple(encode_all(self.pins))
        self.seen.add(texts)
        return list(texts)
