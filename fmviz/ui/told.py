"""What is said of runs: verdicts in sight, the rest a click away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import streamlit as st

from fmviz.ui.page import Page
from fmviz.ui.place import Place
from fmviz.ui.session import session
from fmviz.words import prose
from fmviz.words.prose import Caption

MORE = "Figures and reasons"
EPOCH = re.compile(r"\bepoch (\d+)\b")


def moments(text: str) -> str:
    """Markdown whose epochs are links: "epoch 13" plays what leads up to it. `ui/player/bar.js`
    listens; without it, such a link leads nowhere."""
    return EPOCH.sub(r"[\g<0>](#epoch-\1)", text)


class Told:
    """Captions that are exchanged in place.

    Args:
        small: whether they are small print, as under the chart of a card.
        leads: whether their verdict stands above the page's main picture too. That of a closer look
            does so anyway where the step of the story is about it.
        plays: whether the epochs that they name are links, on which the player plays them.
    """

    def __init__(
        self, page: Page[Any], *, small: bool = False, leads: bool = False, plays: bool = False
    ) -> None:
        self.page, self.small, self.leads, self.plays = page, small, leads, plays
        self._place = session().next_place()
        self._sight = Place()
        self._spot = st.container()
        self._folded: Place | None = None

    def say(self, *captions: Caption, in_sight: Sequence[Caption] = ()) -> None:
        """These captions in place of those before.

        Args:
            in_sight: captions that are never folded, after the others.
        """
        texts = [self.page.text(each.section, each.figures) for each in captions]
        if self.leads:
            in_sight = self._lead(captions, in_sight)
        elif self.page.leads_from(self._place):
            self._lead_closer(captions)
        told = prose.told(texts)
        others = [self.page.text(each.section, each.figures) for each in in_sight]
        sight = "  \n".join(filter(None, [told.sight, *others]))
        sight = moments(sight) if self.plays else sight
        (self._sight.caption if self.small else self._sight.markdown)(sight)
        if self._folded is None and told.folded:
            with self._spot.expander(MORE, type="compact"):
                self._folded = Place()
        if self._folded is not None:
            self._folded.caption(told.folded)

    def _lead_closer(self, captions: Sequence[Caption]) -> None:
        """What a closer look is about leads, else its first verdict, if it has one."""
        marked = [each for each in captions if each.leads]
        texts = [self.page.text(each.section, each.figures) for each in marked or captions]
        verdicts = [prose.lead(text) for text in texts if text.startswith("**")]
        if verdicts:
            text = " ".join(verdicts if marked else verdicts[:1])
            self.page.stage.lead_closer(self._place, text, marked=bool(marked))

    def _lead(self, captions: Sequence[Caption], in_sight: Sequence[Caption]) -> Sequence[Caption]:
        """What the page is about leads, else what compares its runs, and what became of the guess
        stands with it; what is left of what is never folded."""
        guess = [each for each in in_sight if each.section.startswith("guess was")]
        left = [each for each in in_sight if each not in guess]
        others = [*captions, *left]
        compares = [each for each in others if any(claim.than for claim in each.claims)]
        leads = [each for each in others if each.leads] or [*compares, *others][:1]
        if leads:
            verdicts = [prose.lead(self.page.text(each.section, each.figures)) for each in leads]
            self.page.stage.lead(" ".join(verdicts))
        if guess:
            self.page.stage.guessed(" ".join(self.page.words(*guess).split()))
        return left
