"""Panels of the page on a reader's own garment."""

from __future__ import annotations

import streamlit as st

from fmviz.analysis.replies import as_sure, replies
from fmviz.lessons.your_garment import charts, says
from fmviz.lessons.your_garment.drawings import DRAWINGS, LABELS
from fmviz.lessons.your_garment.lesson import YourGarmentView
from fmviz.pictures import reading
from fmviz.pictures.own import Given, of_drawing
from fmviz.pictures.reading import PictureError
from fmviz.pictures.strokes import Drawing
from fmviz.ui import state
from fmviz.ui.board import Board
from fmviz.ui.faults import fault
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.page import Page
from fmviz.ui.paper import YOURS, paper
from fmviz.ui.pictures import framed, picture
from fmviz.ui.place import Place
from fmviz.ui.session import get_widget, session
from fmviz.words import prose
from fmviz.words import replies as words
from fmviz.words.prose import Caption

SOURCES = {"draw": "Draw", "upload": "Upload", "camera": "Camera"}
# Screen pixels of each of the network's, on a screen of double resolution; and the picture's width.
PIXEL, WIDTH = 20, 280


def give(page: Page[YourGarmentView]) -> Given | None:
    """Where a picture is drawn, uploaded or taken; None where there is none to show."""
    source = st.segmented_control(
        "How you give it",
        list(SOURCES),
        format_func=SOURCES.__getitem__,
        **state.widget(page.name, "source"),
        required=True,
        label_visibility="collapsed",
    )
    if source == "draw":
        return _drawn(page)
    return _sent(page, source)


def _drawn(page: Page[YourGarmentView]) -> Given | None:
    # The paper first; which drawing is on it, a control below has said.
    sheet = st.container(key="paper")
    with st.container(key="drawings"):
        example: str = st.pills(
            "On the paper",
            list(LABELS),
            format_func=LABELS.__getitem__,
            wrap=True,
            required=True,
            **state.widget(page.name, "example"),
        )
    own = session().own
    drawing = DRAWINGS.get(example, own.drawing)

    def take(drawn: Drawing) -> None:
        session().own.draw(drawn)
        state.put(page.name, "example", YOURS)

    with sheet:
        paper(
            f"{page.name}/paper",
            drawing,
            example,
            take,
            locked=state.locked(page.name, "example"),
        )
    try:
        return of_drawing(drawing)
    except PictureError:
        return None


def _sent(page: Page[YourGarmentView], source: str) -> Given | None:
    key = f"{page.name}/{source}"

    def take() -> None:
        file = get_widget(key)
        if file is None:
            session().own.forget()
        else:
            session().own.take(file.getvalue(), file.name)

    if source == "upload":
        st.file_uploader(
            "A picture of one garment on plain ground",
            list(reading.ENDINGS),
            max_upload_size=reading.MAX_MEGABYTES,
            key=key,
            on_change=take,
        )
    else:
        st.camera_input("One garment on plain ground", key=key, on_change=take)
    own = session().own
    if own.problem:
        fault(own.problem)
    elif own.file is not None:
        Place().image(
            framed(own.file.colours, own.file.prepared.box),
            alt="The picture as it was given, with a frame around what was kept of it",
            width=WIDTH,
        )
    Place().caption(page.text(f"{source} note"))
    return own.file


def seen(page: Page[YourGarmentView], given: Given) -> None:
    """The picture as networks see it."""
    Place().image(
        picture(given.prepared.pixels, PIXEL),
        alt="The same as the networks see it: 28 × 28 grey pixels, bright on black",
        width=WIDTH,
    )
    Place().caption(page.words(says.prepared(given)))


class Answers(Panel):
    """What the networks say to it: ten bars each, and in words."""

    pace = END
    wants_weights = True

    def __init__(self, board: Board[YourGarmentView], given: Given | None) -> None:
        self.board, self.page, self.given = board, board.page, given
        self.chart = Place()
        with board.page.stage.under:
            self.note, self.told, self.more = Place(), Place(), Place()

    def draw(self, look: Look) -> None:
        """Of the finished runs."""
        if self.given is None:
            self.page.stage.lead(prose.lead(self.page.text("nothing yet")))
            return
        if self.lacks(look):
            return
        found = replies(look.runs, self.given.prepared.pixels)
        self.page.stage.lead(words.text(words.verdict(found)))
        if guessed := self.page.verdict(look.runs):
            self.page.stage.guessed(" ".join(self.page.words(*guessed).split()))
        if not found:
            return
        self.told.markdown(words.text(Caption("not of its kind", {})))
        self.chart.chart(
            charts.answers_rows(found),
            charts.answers_spec(self.board.roles, self.board.dark),
            alt="The share that each network gives each of the ten classes, with dropout off and, "
            "where it was trained with dropout, with dropout on.",
        )
        masked = words.with_dropout(found)
        self.note.caption(self.page.text("marks, masked" if masked else "marks"))
        told = [words.text(each) for each in masked]
        told += [words.text(words.as_sure(reply, as_sure(reply))) for reply in found]
        told.append(self.page.words(says.networks(look.runs)))
        self.more.caption("\n\n".join(told))
