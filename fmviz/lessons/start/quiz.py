"""Beat the network: ten garments to label."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fmviz.run.measure import Estimate, accuracy

QUESTIONS = 10
# People without training in fashion, per image: README of zalandoresearch/fashion-mnist,
# "Benchmark".
HUMAN = 0.835


@dataclass(frozen=True)
class Quiz:
    """A game: which images are asked, and what has been answered so far.

    Attributes:
        images: indices of test images, QUESTIONS of them.
        answers: the classes answered, one an image from the first on.
    """

    images: tuple[int, ...]
    answers: tuple[int, ...] = ()

    @property
    def over(self) -> bool:
        """Whether every image has an answer."""
        return len(self.answers) == len(self.images)

    @property
    def asked(self) -> int:
        """The image that waits for an answer."""
        return self.images[len(self.answers)]

    def answered(self, label: int) -> Quiz:
        """The game after one more answer; as it is where it is over."""
        return self if self.over else replace(self, answers=(*self.answers, label))

    def score(self, labels: npt.NDArray[np.integer]) -> Estimate:
        """Share of right answers with its standard error, which is large for ten images.

        Args:
            labels: (test images,) the true classes.

        Raises:
            ValueError: nothing has been answered yet.
        """
        right = labels[list(self.images[: len(self.answers)])] == np.array(self.answers, int)
        return accuracy(float(right.mean()) if len(right) else 0.0, len(right))


def deal(n_images: int, seed: int | None = None) -> Quiz:
    """A new game: images drawn at random, so that the last cannot be told from the others."""
    rng = np.random.default_rng(seed)
    return Quiz(tuple(rng.choice(n_images, QUESTIONS, replace=False).tolist()))
