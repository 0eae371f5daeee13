"""What is said of runs: verdicts in sight, the rest a click away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from fmviz.ui.page import Page
from fmviz.ui.place import Place
from fmviz.words import prose
from fmviz.words.prose import Caption

MORE = "Figures and reasons"


class Told:
    """Captions that are exchanged in place.

    Args:
        small: whether they are small print, as under the chart of a card.
    """

    def __init__(self, page: Page[Any], *, small: bool = False) -> None:
        self.page, self.small = page, small
        self._sight = Place()
        self._spot = st.container()
        self._folded: Place | None = None

    def say(self, *captions: Caption, in_sight: Sequence[Caption] = ()) -> None:
        """These captions in place of those before.

        Args:
            in_sight: captions that are never folded, after the others.
        """
        told = prose.told([self.page.text(each.section, each.figures) for each in captions])
        others = [self.page.text(each.section, each.figures) for each in in_sight]
        sight = "  \n".join(filter(None, [told.sight, *others]))
        (self._sight.caption if self.small else self._sight.markdown)(sight)
        if self._folded is None and told.folded:
            with self._spot.expander(MORE, type="compact"):
                self._folded = Place()
        if self._folded is not None:
            self._folded.caption(told.folded)
