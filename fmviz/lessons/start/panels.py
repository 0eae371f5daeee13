"""Panels of the first page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from fmviz.analysis import network
from fmviz.analysis.garment import garment
from fmviz.lessons.start import charts, quiz, says
from fmviz.lessons.start.growth import shipped
from fmviz.lessons.start.lesson import LESSON, StartView
from fmviz.page.lesson import Lesson, minutes
from fmviz.run import data
from fmviz.run.choices import DATASETS
from fmviz.run.measure import Estimate, accuracy
from fmviz.run.record import RunRecord
from fmviz.ui import pictures, state
from fmviz.ui.board import Board
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.navigation import page_file
from fmviz.ui.page import Page
from fmviz.ui.place import Place
from fmviz.ui.player.screen import Screen, controls
from fmviz.ui.session import is_dark, session
from fmviz.ui.stage import Spot
from fmviz.ui.told import Told
from fmviz.words import prose
from fmviz.words.numbers import percent, short_points, spread
from fmviz.words.prose import Caption

CARDS_A_ROW = 3
SHOWN_OF_A_CLASS = 24


def hero(page: Page[StartView]) -> None:
    """The image of the course and a network that learns to name it, moved through the epochs by one
    slider. It is a run that ships, whatever network the page's address asks for."""
    growth = shipped()
    seen = garment(LESSON.start.config.dataset)
    headlines = [_headline(page, says.grown(seen, growth, e)) for e in range(growth.epochs + 1)]
    rows = charts.answer_rows(growth.shares[-1], seen.truth)
    reel = charts.growth_reel(page.name, "the network", seen, growth, headlines)
    # By itself: other words of the page do not wait for this film to rest.
    with Spot(st.container(key="hero", gap="xxsmall")):
        screen = Screen(page, "network")
        with screen.stand_in():
            Place().note(f"**{headlines[-1]['lead']}** {headlines[-1]['note']}")
            spec = charts.answer_spec(is_dark(), charts.STAND_IN_HEIGHT)
            Place().chart(rows, spec, alt=reel["alt"])
        screen.show(reel)
        controls(page)


def _headline(page: Page[StartView], caption: Caption) -> charts.Told:
    """A caption as the verdict that it leads with and what follows, without marks."""
    lead, _, note = " ".join(page.words(caption).split()).removeprefix("**").partition("**")
    return {"lead": lead, "note": note.strip()}


def cards(lessons: Sequence[Lesson]) -> None:
    """A card a lesson, a link as a whole: what it is about, and how long it takes."""
    for begin in range(0, len(lessons), CARDS_A_ROW):
        columns = st.columns(CARDS_A_ROW)
        for number, lesson in enumerate(lessons[begin : begin + CARDS_A_ROW]):
            with columns[number].container(
                border=True, height="stretch", gap="xxsmall", key=f"card-{lesson.name}"
            ):
                st.page_link(page_file(lesson.name), label=f"**{lesson.title}**")
                # A link within a link: no word of it explains itself.
                Place().note(prose.text(lesson.name, "card"))
                Place().note(f":material/schedule: {minutes(lesson)} minutes")


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
    shown = train[mine[:SHOWN_OF_A_CLASS]]
    pictures.gallery(shown.pixels, [data.CLASS_NAMES[label] for label in shown.labels])


class OneNetwork(Panel):
    """One validation image on its way through the network."""

    pace = END
    wants_weights = True
    # As does the game below.
    wants_test = True

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
        if self.lacks(look):
            return
        config, (pixels,) = record.config, self.images[[self.image]].pixels
        truth = int(self.images.labels[self.image])
        name = data.CLASS_NAMES[truth]
        self.picture.image(pictures.picture(pixels, 8), alt=name, width="stretch")
        self.picture.caption(name)
        passed = network.forward(record.weights, config.activation, pixels[None])
        shares = network.softmax(passed.logits)[0]
        self.text.markdown(self.page.words(says.network(config)))
        if passed.activations:
            self.units.vega_lite_chart(
                charts.units_rows(passed.activations[0][0]).table,
                charts.units_spec(self.board.dark),
                width="stretch",
                alt=f"Activations of the {config.hidden[0]} units of the first hidden layer.",
            )
        self.shares.vega_lite_chart(
            charts.answer_rows(shares, truth).table,
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
        if record.has_test and not session().classroom.vault:
            test = record.estimate("test_accuracy", look.run.kept)
            figures = {
                "images": f"{record.examples['test']:,}",
                "test": short_points(test),
                "error": spread(test),
            }
            captions.append(Caption("its accuracy", figures))
        self.answer.say(*captions)


def _with_error(share: Estimate) -> str:
    return f"{short_points(share, 0)}% {spread(share, 0)}".rstrip()


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
        garment = pictures.picture(test[[game.asked]].pixels[0], 8)
        # Its name would be the answer.
        left.image(garment, alt="The garment to name", width=224)
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
    pictures.gallery(test[chosen].pixels, [names[t] for t in truth], captions)
    st.button(
        "Ten others",
        icon=":material/refresh:",
        on_click=state.set_game,
        args=(page.name, quiz.deal(len(test))),
    )
