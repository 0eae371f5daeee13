"""The page of sweeps: its controls, its picture, what it says, the way to each run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial

import streamlit as st
from pydantic import ValidationError

from fmviz.analysis import sweeps
from fmviz.analysis.stopping import Shown
from fmviz.analysis.sweeps import MEASURES
from fmviz.lessons.sweep import charts, says, tables
from fmviz.lessons.sweep.lesson import SweepView, TooMuch, check
from fmviz.page.lesson import Lesson
from fmviz.page.state import query
from fmviz.run import knobs
from fmviz.run.choices import CHOICES
from fmviz.run.config import RunConfig, problems
from fmviz.run.knobs import KNOBS, KnobError
from fmviz.run.naming import value_name
from fmviz.run.record import RunRecord
from fmviz.run.settings import parts, written
from fmviz.ui import controls, mirrored, state, take_home, vault, view_controls
from fmviz.ui.faults import fault, faults
from fmviz.ui.navigation import page_file
from fmviz.ui.page import Page
from fmviz.ui.panels.garment import Strip
from fmviz.ui.panels.sweep import Sweep
from fmviz.ui.place import Place
from fmviz.ui.session import get_widget, is_dark, put_widget, session
from fmviz.ui.told import Told
from fmviz.words import taking_home

SEEDS = (1, 2, 3, 4, 5)
# Under which a page remembers the run that its reader has chosen.
CHOSEN = "chosen run"


def settings(page: Page[SweepView]) -> None:
    """The knobs, their values, the seeds, and what is drawn."""
    name = page.name
    first = _knob(name, "knob", "Knob", list(KNOBS))
    _values(name, "values", first)
    others = [other for other in KNOBS if not knobs.clash(first, other)]
    second = _knob(name, "knob2", "Second knob", [knobs.NONE, *others])
    if second != knobs.NONE:
        _values(name, "values2", second)
    turned = {first, second}
    if turned & {*parts("penalty")} and "penalty" not in turned:
        controls.penalty(name)
    if "l1_share" in turned and "lam" not in turned:
        controls.lam(name)
    st.segmented_control("Seeds", SEEDS, **state.widget(name, "seeds"), required=True)
    # What is turned has no one value.
    fields = [knob for knob in turned if knob in RunConfig.model_fields]
    if "hidden" in turned or turned >= {"depth", "width"}:
        fields.append("hidden")
    controls.without_effect(name, *fields)


def _knob(page: str, field: str, label: str, offered: list[str]) -> str:
    """A knob; its values begin as its own, also where another one was turned before."""
    values = {"knob": "values", "knob2": "values2"}[field]
    if state.value(page, field) not in offered:
        # The first knob has just become what this one was.
        state.put(page, field, knobs.NONE)
        state.put(page, values, "")
    chosen = st.selectbox(
        label,
        offered,
        format_func=lambda name: "none" if name == knobs.NONE else KNOBS[name].label,
        **state.widget(page, field),
        on_change=partial(state.put, page, values, ""),
    )
    state.note(page, values)
    return str(chosen)


def _values(page: str, field: str, knob: str) -> None:
    """The values of a knob: words of a table, or numbers with commas between them."""
    present = knobs.read(knob, state.value(page, field))
    if knob in CHOICES:
        table = CHOICES[knob]
        mirrored.listed(
            page,
            field,
            f"Values of {KNOBS[knob].label}",
            list(table),
            present,
            lambda name: str(table[name].label),
            lambda chosen: knobs.write(knob, knobs.read(knob, ",".join(chosen))),
        )
        return
    mirrored.typed(
        page,
        field,
        f"Values of {KNOBS[knob].label}",
        ", ".join(written(knob, value) for value in present),
        lambda text: knobs.write(knob, knobs.typed(knob, text)),
        f"Each {knobs.allowed(knob)}, at most {knobs.MAX_VALUES} of them. Between two values a "
        "comma and a space, or a semicolon; a decimal has a point: 0.01, 0.1. Leave the field "
        "empty for the usual values.",
    )


def measure(page: Page[SweepView]) -> None:
    """What is drawn."""
    labels = {name: each.label for name, each in MEASURES.items()}
    view_controls.choice(page.name, "measure", "Show", labels)
    if page.view.measure == "sparsity":
        view_controls.tolerance(page.name)


class Result:
    """A sweep as the page shows it. Made where it is to stand; `run` comes after `page.save`.

    Args:
        single: the lesson on whose page a single run opens.
    """

    def __init__(self, page: Page[SweepView], single: Lesson) -> None:
        self.page, self.view, self.single = page, page.view, single
        self.dark = is_dark()
        self.sweep: Sweep | None = None
        try:
            self.cells = knobs.cells(page.values)
            self.wanted = knobs.sweeping(page.values)
            check(self.cells)
        except TooMuch as much:
            st.error(page.text(much.section, much.figures), icon=":material/error:")
            return
        except ValidationError as error:
            faults(problems(error))
            return
        except KnobError as error:
            fault(f"{error}.")
            return
        page.guess()
        for caption in says.without_effect(self.wanted.turns, self.cells):
            st.warning(page.words(caption), icon=":material/info:")
        self.configs = [config for cell in self.cells for config in cell.configs]
        with page.stage.picture:
            self._chart = Place()
        with page.stage.status:
            # In sight with the figures that it is about.
            self._as_told = Place()
            self.sweep = Sweep(
                page,
                "sweep",
                self.configs,
                self._draw,
                outline=not MEASURES[self.view.measure].of_layers,
                partly=True,
                tells=False,
            )
        with page.stage.under:
            self._before, self._note = Place(), Place()
            self._told = Told(page, leads=True)
            self._after = st.container()
            self._strip, self._strip_place = Strip(page), session().next_place()

    @cached_property
    def turned(self) -> tuple[str, ...]:
        """The knobs, the one along the axis first."""
        return tuple(self.wanted.turns)

    def run(self) -> None:
        """Draw what is known, and offer to train what is not."""
        if self.sweep is None:
            return
        stored = self.sweep.stored()
        known = sum(record is not None for record in stored)
        if known < len(stored):
            seconds = self.sweep.seconds(stored)
            said = says.before(self.wanted, len(stored), known, seconds)
            self._before.markdown(self.page.words(said))
        self.sweep.run()

    def _draw(self, records: list[RunRecord | None], done: bool) -> None:
        found = sweeps.outcomes(self.cells, records)
        best = sweeps.best(found) if done else None
        chosen = self._chosen(found, best)
        self._picture(found, best, chosen, done)
        activations = {config.activation for config in self.configs if config.hidden}
        noises = {config.label_noise for config in self.configs}
        if said := says.as_told(noises):
            self._as_told.caption(self.page.words(*said))
        reading = says.reading(self.wanted, self.view.measure, activations)
        self._note.caption(self.page.words(*reading))
        if done:
            self._before.caption(self._made(records))
            view = self.view
            captions = says.told(self.wanted.turns, found, view.measure, view.tolerance, best)
            self._told.say(*captions, in_sight=self.page.verdict(self._shown(found)))
            if self.page.vault is not None and best is not None:
                place, runs = self.page.vault, self._shown([best.outcome])
                vault.draw(place, self.page.name, runs, "the best")
            self._further(found, chosen)
            if followed := self._followed(found, best, self.configs[chosen]):
                with session().within(self._strip_place):
                    self._strip.show(followed)

    def _followed(
        self, found: Sequence[sweeps.Outcome], best: sweeps.Best | None, chosen: RunConfig
    ) -> list[Shown]:
        """The first run of the best cell, and the chosen one where that is another."""
        of_best = self._shown([] if best is None else [best.outcome])[:1]
        picked = [run for run in self._shown(found) if run.record.config == chosen][:1]
        return of_best if of_best and of_best[0].record.config == chosen else of_best + picked

    def _shown(self, found: Sequence[sweeps.Outcome]) -> list[Shown]:
        """The runs of some cells after their last epoch."""
        return [
            Shown(says.cell_run_name(self.turned, o.cell, r.config.seed), r, None, r.epochs)
            for o in found
            for r in o.records
            if r is not None and r.epochs
        ]

    def _made(self, records: Sequence[RunRecord | None]) -> str:
        """Where the runs come from."""
        update = self.sweep.update if self.sweep is not None else None
        sources = update.sources if update is not None else ()
        record = next(record for record in records if record is not None)
        return says.made(len(set(self.configs)), sources, record)

    def _chosen(self, found: Sequence[sweeps.Outcome], best: sweeps.Best | None) -> int:
        """The run that is looked at: the one that the reader has chosen, else one of the best."""
        key = session().page(self.page.name).asked.get(CHOSEN)
        keys = [config.key for config in self.configs]
        if key in keys:
            return keys.index(str(key))
        first = best.outcome.cell.configs[0] if best is not None else self.configs[0]
        return self.configs.index(first)

    def _choose(self, run: int) -> None:
        state.ask_for(self.page.name, CHOSEN, self.configs[run].key)

    def _picture(
        self, found: list[sweeps.Outcome], best: sweeps.Best | None, chosen: int, done: bool
    ) -> None:
        view, outcome = self.view, best.outcome if best is not None else None
        shown = MEASURES[view.measure].label
        if len(self.turned) == 1:
            (knob,) = self.turned
            at = charts.ticks(knob, self.wanted.turns[knob])
            rows = charts.curves_rows(
                knob, found, at, view.measure, view.tolerance, outcome, chosen
            )
            told = any(config.label_noise for config in self.configs)
            spec = charts.curves_spec(knob, at, view.measure, told, self.dark)
            alt = f"{shown} against {KNOBS[knob].label}, a point a run; the curves of one run."
        else:
            across, upwards = self.turned
            columns, lines = (
                tuple(value_name(knob, value) for value in self.wanted.turns[knob])
                for knob in (across, upwards)
            )
            rows = charts.map_rows(
                (across, upwards), found, view.measure, view.tolerance, outcome, chosen
            )
            spec = charts.map_spec((across, upwards), columns, lines, view.measure, self.dark)
            alt = f"{shown} by {KNOBS[across].label} and {KNOBS[upwards].label}; curves of a cell."
        # A chart that can be clicked is a widget, of which there is one: the last.
        self._chart.chart(
            rows,
            spec,
            alt=alt,
            key=state.pick_key(self.page.name, "run") if done else None,
            on_select=self._clicked if done else None,
        )

    def _clicked(self) -> None:
        run = state.clicked(self.page.name, "run", "run")
        if run is not None and not self.view.locks("run"):
            self._choose(run)

    def _further(self, found: list[sweeps.Outcome], chosen: int) -> None:
        """The figures as a file, and the runs by name for whom no mouse is at hand."""
        with self._after.container(horizontal=True, vertical_alignment="bottom"):
            names = [
                says.cell_run_name(self.turned, cell, config.seed)
                for cell in self.cells
                for config in cell.configs
            ]
            key = f"{self.page.name}/run {len(names)}"
            # It shows what is chosen, whatever has chosen it.
            put_widget(key, chosen)
            st.selectbox(
                "A run",
                range(len(names)),
                format_func=names.__getitem__,
                key=key,
                on_change=lambda: self._choose(get_widget(key)),
                disabled=self.view.locks("run"),
            )
            st.page_link(
                page_file(self.single.name),
                label="Open in the playground",
                icon=":material/arrow_forward:",
                query_params=self._query(self.configs[chosen]),
            )
            st.download_button(
                "Figures as CSV",
                partial(tables.as_csv, self.turned, found, self.view.tolerance),
                file_name="fmviz-sweep.csv",
                mime="text/csv",
                icon=":material/download:",
                on_click="ignore",
                key=f"{self.page.name}/csv",
            )
            runs = dict(zip(names, self.configs, strict=True))
            # What all runs share; the chart itself says in what they differ.
            take_home.charts(self.page, "fmviz-sweep", taking_home.lines(runs)[-1:])

    def _query(self, config: RunConfig) -> dict[str, str]:
        """A run as a link to the page of single runs has it."""
        start = self.single.start
        values = start | {f: v for f, v in config.model_dump().items() if f in start.settings}
        if config.penalty == "none":
            # As the page's controls say it.
            values |= {"penalty": "l2", "lam": 0.0}
        return query(values, self.single.start)
