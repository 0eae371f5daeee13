"""What the tests of all lessons share: their prose is whole, their pages open."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from streamlit.testing.v1 import AppTest

from fmviz.engine.watch import Update
from fmviz.lessons.catalogue import LESSONS
from fmviz.page.address import choices
from fmviz.page.guessing import guess_words
from fmviz.page.kept import Kept
from fmviz.page.lesson import preset_words
from fmviz.run.choices import DATASETS
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.ui.session import KEY, Session
from fmviz.words import prose
from fmviz.words.prose import Caption
from tests.support.records import synthetic

ROOT = Path(__file__).parents[2]
APP = str(ROOT / "app.py")
# What is counted has its noun once: no "69 epochs of 100 epochs".
TWICE = r"\b(?:\d[\d,]*|no) (\w+?)s? of \d[\d,]* \1s?\b"
# Sections that the frame of a page shows; they want no figures.
OF_FRAME = {"question", "introduction", "why", "teach", "card"}


def check_prose(
    lesson: str,
    branches: Mapping[str, Callable[[], Caption]],
    of_page: Mapping[str, set[str]] | None = None,
) -> None:
    """Every section of a lesson's own file is shown by something, and gets its figures.

    Args:
        branches: section → what makes `says` return it; those of shared.md may be among them.
        of_page: section → the figures that the page or a panel gives it.
    """
    of_page = of_page or {}
    declared = LESSONS[lesson]
    of_frame = OF_FRAME if declared.presets else {"question", "introduction"}
    framed = of_frame | {f"preset {preset.name}" for preset in declared.presets}
    if declared.answer is not None:
        framed |= {"guess"}
        question, options = guess_words(lesson)
        assert question.endswith("?")
        assert len(options) >= 2
    own = set(prose.sections(lesson))
    assert own <= framed | set(branches) | set(of_page), own - framed - set(branches) - set(of_page)
    assert framed <= own, framed - own
    for section in framed:
        assert prose.places(lesson, section) == set()
    for preset in declared.presets:
        label, story = preset_words(lesson, preset)
        assert 0 < len(label) <= 40
        assert story
        declared.runs_of(declared.state_of(preset))  # its settings go together
    for section, figures in of_page.items():
        assert prose.places(lesson, section) <= figures, section
    for section, make in branches.items():
        caption = make()
        assert caption.section == section
        text = prose.text(lesson, section, caption.figures)
        assert "{{" not in text
        assert not re.search(TWICE, text.replace("\n", " ")), text
        for name in prose.places(lesson, section):
            assert caption.figures[name] in text
    content = prose.path(lesson).read_text(encoding="utf-8")
    assert content.count("{{") == len(prose.PLACE.findall(content))
    # Else a figure of 1 would begin a numbered list there.
    assert not re.search(r"^\{\{\w+\}\}\. +\S", content, re.MULTILINE)


def leads(text: str) -> bool:
    """Whether a caption begins with bold words, its verdict; that is then held to be short: at most
    15 words, and at most two sentences after it before the fold."""
    first = text.partition("\n\n")[0]
    if not first.startswith("**"):
        return False
    verdict, after = first[2:].split("**", 1)
    assert len([word for word in verdict.split() if re.search(r"\w", word)]) <= 15, verdict
    assert len(re.findall(r"[.!?](?=\s|$)", after)) <= 2, after
    return True


# What these say in a word, a page says in plain ones before it needs them.
OF_THE_TRADE = ("kernel", "inference mode")
NOT_PLAIN = ("for ever", "on its face", "borne", "spares", "spared", "reckon")


def check_words(lesson: str, branches: Mapping[str, Callable[[], Caption]]) -> None:
    """A lesson's verdicts are short, its words plain, and ± is explained before it is met."""
    for section, make in branches.items():
        leads(prose.text(lesson, section, make().figures))
    for section in set(prose.sections(lesson)) - {"why", "teach"}:
        plain = re.sub(r"```.*?```|`[^`]+`", "", prose.source(lesson, section), flags=re.DOTALL)
        for word in (*OF_THE_TRADE, *NOT_PLAIN):
            assert word not in plain, (section, word)
    own = prose.source(lesson, "introduction")
    assert "standard error" in own
    assert "±" in own
    captions = set(prose.sections(lesson)) - OF_FRAME
    if any("twin" in prose.source(lesson, section) for section in captions):
        assert "**twin**" in own


def opened(
    lesson: str,
    query: dict[str, str] | None = None,
    *,
    guesses: bool = False,
    unfolded: bool = False,
) -> AppTest:
    """A lesson's page, run once; it asks for a guess only where `guesses`.

    Args:
        unfolded: whether "More settings" is open.
    """
    at = AppTest.from_file(APP, default_timeout=120)
    if unfolded:
        at.session_state[f"{lesson}/more"] = True
    if not guesses:
        at.session_state[KEY] = Session(kept=Kept(asks=False))
    at.switch_page(f"pages/{lesson}.py")
    for name, text in (query or {}).items():
        at.query_params[name] = text
    at.run()
    assert not at.exception, at.exception
    return at


def sections_of(lesson: str) -> tuple[str, ...]:
    """The closer looks of a lesson's page; one without a name where it has none."""
    view = LESSONS[lesson].view
    return choices(view, "section") if "section" in view.model_fields else ("",)


def every_section(at: AppTest, lesson: str) -> Iterator[str]:
    """One closer look of an opened page after another, as if its address had been changed."""
    for section in sections_of(lesson):
        if section:
            at.query_params["section"] = section
            at.run()
        assert not at.exception, (section, at.exception)
        yield section


@lru_cache(192)
def _made_up(config: RunConfig, seed: int, **history: Sequence[float] | float) -> RunRecord:
    info = DATASETS[config.dataset]
    sample = min(config.train_size, info.train_sample)
    examples = {
        "train": sample,
        "corrupted": round(sample * config.label_noise),
        "validation": info.validation,
        "test": info.test,
    }
    record = synthetic(config, seed=seed, examples=examples, **history)
    return replace(record, made={**record.made, "tensorflow": "2", "machine": "test"})


def made_up(configs: Sequence[RunConfig], **history: Sequence[float] | float) -> Update:
    """Every run answered with a finished, made-up record of its own shape, each made once: pages
    look at records and change none."""
    kept = {
        name: values if isinstance(values, float | int) else tuple(values)
        for name, values in history.items()
    }
    records = tuple(_made_up(config, seed, **kept) for seed, config in enumerate(configs))
    return Update("done", records, ("store",) * len(configs), "", 0.0)


def drawn_rows(chart: Any) -> pd.DataFrame:
    """The rows of a chart of a page."""
    return pa.ipc.open_stream(chart.proto.data.data).read_pandas()


def texts(at: AppTest) -> str:
    """All Markdown and captions of a page, without the marks on words of the glossary."""
    return "\n".join(plain(element.value) for element in [*at.markdown, *at.caption])


# A word of the glossary and its meaning, as a page marks it.
MARK = re.compile("<button[^>]*>(.*?)</button><span[^>]*>(.*?)</span>", re.DOTALL)
# What keeps to it.
KEPT = re.compile(rf'<span class="fmviz-kept">(\W?)({MARK.pattern})(\W?)</span>', re.DOTALL)


# An epoch that the player goes to.
MOMENT = re.compile(r"\[(epoch \d+)\]\(#epoch-\d+\)")


def plain(text: str) -> str:
    """A text without the marks on words of the glossary, and without links to epochs."""
    return MOMENT.sub(r"\1", MARK.sub(r"\1", KEPT.sub(r"\1\2\5", text)))
