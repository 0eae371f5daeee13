"""Random valid addresses over the whole app, answered by runs as odd as runs can be.

Every closer look is open once: no page fails, and no text has a figure that is none, a place
without its figure, or one of several. `make corners` tries many more.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fmviz.engine.watch import Update
from fmviz.lessons.catalogue import LESSONS
from fmviz.run.config import RunConfig
from fmviz.ui import live
from tests.support.corners import KINDS, addresses, answered
from tests.support.lessons import TWICE, every_section, opened, texts
from tests.support.scripted import ScriptedEngine

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("FMVIZ_CORNERS", "2"))
NOUNS = "images|epochs|units|weights|networks|runs|layers|classes|steps|seeds|values|points|pixels"
# What no sentence has, whatever its run: formulas apart, where letters are letters.
FAULTS = {
    "a place without its figure": r"\{\{\w*\}\}",
    "a figure that is none": r"\bnan\b|\binf\b|\bNone\b(?! (?:of|is|can)\b)|[−-]0\.0\b(?!\d)",
    "one of several": rf"(?<![\d.,–]) ?\b1 (?:{NOUNS})\b",
    "an error that is none": r"± 0(?:\.0+)?(?![\d.]*\d)",
    "a noun twice": TWICE,
}


@pytest.fixture(scope="module", autouse=True)
def engine() -> Iterator[ScriptedEngine]:
    scripted = ScriptedEngine(lambda configs: [])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "engine", lambda: scripted)
        yield scripted


def faults(text: str) -> list[str]:
    """What is wrong with a page's text, with some of the words around it."""
    plain = re.sub(r"\$\$.*?\$\$|```.*?```|\$[^$]*\$|`[^`]*`", " ", text, flags=re.DOTALL)
    return [
        f"{kind}: …{plain[max(0, found.start() - 60) : found.end() + 40]}…"
        for kind, pattern in FAULTS.items()
        for found in re.finditer(pattern, plain)
    ]


@pytest.mark.parametrize("name", LESSONS)
@settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES < 10,
    # A page is too dear to be opened for every simpler corner: as it is found, it is told.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_a_page_stands_in_every_corner(
    name: str, engine: ScriptedEngine, data: st.DataObject
) -> None:
    query = data.draw(addresses(name))
    kinds = data.draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3))

    def script(configs: Sequence[RunConfig]) -> list[Update]:
        return [answered(kinds, configs)]

    engine.script = script
    at = opened(name, query)
    assert not at.error, [error.value for error in at.error]
    for section in every_section(at, name):
        assert not faults(texts(at)), (section, faults(texts(at)))
