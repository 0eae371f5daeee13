"""Panels of the first page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from fmviz.analysis import network
from fmviz.lessons.start import charts, quiz
from fmviz.lessons.start.lesson import StartView
from fmviz.page.lesson import Lesson
from fmviz.run import data
from fmviz.run.choices import DATASETS
from fmviz.run.config import RunConfig
from fmviz.run.measure import Estimate, accuracy
from fmviz.run.naming import plural
from fmviz.run.record import RunRecord, layer_sizes, n_weights
from fmviz.ui import live, pictures, state
from fmviz.ui.board import Board
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.navigation import page_file
from fmviz.ui.page import Page
from fmviz.ui.place import Place
from fmviz.ui.session import is_dark, session
from fmviz.ui.told import Told
from fmviz.words import prose
from fmviz.words.numbers import listed, percent, short_points
from fmviz.words.prose import Caption

CARDS_A_ROW = 4
SHOWN_OF_A_CLASS = 24


def cards(lessons: Sequence[Lesson]) -> None:
    """A card a lesson: its question, a small picture of the runs it opens on, the way there."""
    dark = is_dark()
    for begin in range(0, len(lessons), CARDS_A_ROW):
        columns = st.columns(CARDS_A_ROW)
        for column, lesson in zip(columns, lessons[begin : begin + CARDS_A_ROW]):
            with column.container(border=True, height="stretch"):
                st.page_link(page_file(lesson.name), label=f"**{lesson.title}**")
                runs = lesson.runs_of(lesson.start)
                known = {
                    role: record
                    for role, config in runs.items()
                    if (record := live.engine().store.get(config, brief=True)) is not None
                }
                if known:
                    st.vega_lite_chart(
                        charts.small_rows(known),
                        charts.small_spec(tuple(runs), dark),
                        width="stretch",
                        alt=f"Accuracy over the epochs of {', '.join(known)}.",
                    )
                Place().caption(prose.text(lesson.name, "card"))


def browse(page: Page[StartView]) -> None:
    """The data set: its split, and training images by class."""
    info = DATASETS[page.config.dataset]
    counts = {n: f"{getattr(info, n):,}" for n in ("train", "validation", "test")}
    Place().markdown(page.text("data", counts))
    chosen = st.pills(
        "Class",
        range(len(data.CLASS_NAMES)),
        format_func=data.CLASS_NAMES.__getitem__,
        **state.widget(page.name, "label"),
        label_visibility="collapsed",
    )
    train = data.load(page.config.dataset).train
    mine = np.arange(len(train)) if chosen is None else np.flatnonzero(train.labels == chosen)
    pictures.gallery(train.pixels[mine[:SHOWN_OF_A_CLASS]])


class OneNetwork(Panel):
    """One validation image on its way through the network."""

    pace = END
    wants_weights = "run"

    def __init__(self, board: Board[StartView]) -> None:
        self.board, self.page = board, board.page
        page = board.page
        self.images = data.load(page.config.dataset).validation
        self.text = Place()
        left, middle, right = st.columns([1, 1.6, 1.8], gap="large", vertical_alignment="center")
        with left:
            self.image = st.number_input(
                "Validation image",
                0,
                len(self.images) - 1,
                **state.widget(page.name, "image"),
                help="None of them has been trained on.",
            )
            self.picture = st.container()
        self.units, self.shares = middle.container(), right.container()
        with st.container():
            self.answer = Told(page)

    def draw(self, look: Look) -> None:
        """The image, the first hidden layer's activations, the shares of the classes."""
        record = look.run.record
        if record.is_brief:
            return
        config, pixels = record.config, self.images.pixels[self.image]
        truth = int(self.images.labels[self.image])
        self.picture.image(pictures.picture(pixels, 8), width="stretch")
        self.picture.caption(data.CLASS_NAMES[truth])
        passed = network.forward(record.weights, config.activation, pixels[None])
        shares = network.softmax(passed.logits)[0]
        self.text.markdown(self.page.words(network_caption(config)))
        if passed.activations:
            self.units.vega_lite_chart(
                charts.units_rows(passed.activations[0][0]),
                charts.units_spec(self.board.dark),
                width="stretch",
                alt=f"Activations of the {config.hidden[0]} units of the first hidden layer.",
            )
        self.shares.vega_lite_chart(
            charts.answer_rows(shares, truth),
            charts.answer_spec(self.board.dark),
            width="stretch",
            alt="Probability that the network gives each class.",
        )
        answer = int(shares.argmax())
        captions = [
            Caption(
                "answer right" if answer == truth else "answer wrong",
                {
                    "answer": data.CLASS_NAMES[answer],
                    "share": percent(float(shares[answer])),
                    "truth": data.CLASS_NAMES[truth],
                    "truth_share": percent(float(shares[truth])),
                },
            )
        ]
        test = record.estimate("test_accuracy", look.run.kept)
        figures = {
            "images": f"{record.examples['test']:,}",
            "test": short_points(test),
            "error": f"{100 * test.error:.1f} points",
        }
        if not session().classroom.vault:
            captions.append(Caption("its accuracy", figures))
        self.answer.say(*captions)


def network_caption(config: RunConfig) -> Caption:
    """The network in words, with its numbers of weights and biases."""
    plain = len(config.hidden) == 1 and config.activation == "relu"
    several = [plural(units, "unit") for units in config.hidden]
    figures = {
        "units": str(config.hidden[0]) if plain else listed(several),
        "weights": f"{n_weights(config):,}",
        "biases": f"{sum(layer_sizes(config)[1:]):,}",
    }
    if not config.hidden:
        return Caption("one network, no hidden layer", figures)
    return Caption("one network" if plain else "one network, other", figures)


def _with_error(share: Estimate) -> str:
    return f"{percent(share.value, 0)} ± {100 * share.error:.0f} points"


@st.fragment
def beat(page: Page[StartView], record: RunRecord) -> None:
    """Ten garments to label, and what people and the network make of them."""
    test = data.load(record.config.dataset).test
    game = state.game(page.name, lambda: quiz.deal(len(test)))
    Place().markdown(page.text("beat"))
    if not game.over:
        number = len(game.answers) + 1
        st.progress((number - 1) / quiz.QUESTIONS, f"Image {number} of {quiz.QUESTIONS}")
        left, right = st.columns([1, 3], gap="large", vertical_alignment="center")
        left.image(pictures.picture(test.pixels[game.asked], 8), width=224)
        with right.container(horizontal=True):
            for label, name in enumerate(data.CLASS_NAMES):
                st.button(
                    name,
                    key=f"{page.name}/garment {label}",
                    on_click=state.set_game,
                    args=(page.name, game.answered(label)),
                )
        return
    chosen = list(game.images)
    # The last row: the network as it ended.
    network_says = record.answers("test", record.epochs)[chosen]
    truth, mine = test.labels[chosen], np.array(game.answers)
    everything = accuracy(record.at_end("test_accuracy"), len(test))
    figures = {
        "right": str(int((mine == truth).sum())),
        "network": str(int((network_says == truth).sum())),
        "asked": str(len(chosen)),
        "images": f"{len(test):,}",
        "test": f"{short_points(everything)}%",
        "share": _with_error(game.score(test.labels)),
    }
    Place().markdown(page.text("score, vault" if session().classroom.vault else "score", figures))
    names = data.CLASS_NAMES
    captions = [
        f"**{names[t]}**  \n"
        + ("you: right" if m == t else f"you: {names[m]}")
        + "  \n"
        + ("net: right" if n == t else f"net: {names[n]}")
        for t, m, n in zip(truth, mine, network_says, strict=True)
    ]
    pictures.gallery(test.pixels[chosen], captions)
    st.button(
        "Ten others",
        icon=":material/refresh:",
        on_click=state.set_game,
        args=(page.name, quiz.deal(len(test))),
    )
