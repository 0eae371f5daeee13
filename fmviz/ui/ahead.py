"""What the engine may train while a viewer looks at a page: told once the page's own runs are
there, and forgotten when the viewer goes to another page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from fmviz.engine.pace import reference_seconds
from fmviz.page.ahead import Asked, ahead
from fmviz.page.lesson import Lesson
from fmviz.page.state import State, parameters
from fmviz.run.config import RunConfig
from fmviz.run.groups import Stretch, way_of
from fmviz.ui import live, state
from fmviz.ui.session import session

# What one state of a page may cost, in seconds on the machine that `pace` was fitted on, to be
# trained without having been asked for.
HEAVIEST = 15.0
# Of what stands on a screen, so many at most: what lies ahead of its controls counts too.
MOST_SOON = 32


@dataclass(frozen=True)
class Stand:
    """Where a viewer stands: the same as any other who has the same settings.

    Attributes:
        page: its name.
        written: the fields of its state as a link has them.
        moved: the setting that was moved last.
    """

    page: str
    written: tuple[tuple[str, str], ...]
    moved: str | None
    lesson: Lesson = field(compare=False)
    state: State = field(compare=False)


# A class stands in few places.
@lru_cache(maxsize=64)
def foreseen(stand: Stand) -> tuple[Asked, ...]:
    """What may be asked for next from there, most likely first."""
    return tuple(ahead(stand.lesson, stand.state, stand.moved, light))


def light(runs: Asked) -> bool:
    """Whether runs may be trained without having been asked for."""
    return _seconds(tuple((way_of(run), run.train_size, run.epochs) for run in runs)) <= HEAVIEST


# Most runs of a row cost the same.
@lru_cache(maxsize=256)
def _seconds(alike: tuple[tuple[tuple[Stretch, ...], int, int], ...]) -> float:
    """What runs of these ways, training images and epochs cost; nothing else of them counts."""
    return reference_seconds(
        [
            RunConfig(
                **way[0].shape._asdict(),
                branch={f: getattr(way[-1].shape, f) for f in ("optimizer", "batch_size")},
                branch_epoch=way[-1].first,
                train_size=images,
                epochs=epochs,
                seed=number,
            )
            for number, (way, images, epochs) in enumerate(alike)
        ]
    )


def tell(lesson: Lesson, values: State, soon: Iterable[Asked], *, brief: bool) -> None:
    """Tell the engine what the viewer of a page may ask for next.

    Args:
        soon: runs that what is on the screen asks for, or offers, before any that are foreseen; of
            those that are light the first `MOST_SOON`.
        brief: whether the page makes do with records without weights.
    """
    moved = state.moved(lesson.name)
    stand = Stand(lesson.name, tuple(parameters(values).items()), moved, lesson, values)
    session().foreseen = lesson.name
    first = tuple(islice((runs for runs in soon if runs and light(runs)), MOST_SOON))
    live.engine().ahead(session().viewer, (*first, *foreseen(stand)), brief=brief)


def leave(page: str) -> None:
    """Forget what was foreseen on another page than the one that the viewer has come to."""
    if session().foreseen not in (None, page):
        session().foreseen = None
        live.engine().ahead(session().viewer, ())
