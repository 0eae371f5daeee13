"""The glossary: what it finds in a text, what it leaves alone, and that the lessons need it all."""

from __future__ import annotations

import re

import pytest

from fmviz.lessons.catalogue import LESSONS
from fmviz.words import glossary, prose
from tests.support.lessons import MARK, plain

PROSE = [*LESSONS, "compare", "shared"]


def names(text: str) -> list[str]:
    return [mention.name for mention in glossary.said(text)]


def test_a_text_says_a_term_where_it_first_does_in_any_of_its_forms() -> None:
    text = "Two epochs.  Gradients of an epoch: a standard\nerror of ± 2."
    found = [(m.name, text[m.start : m.end]) for m in glossary.said(text)]
    assert found == [
        ("epoch", "epochs"),
        ("gradient", "Gradients"),
        ("standard error, ±", "standard\nerror"),
    ]
    # The longer term is meant.
    assert names("a gradient step") == ["gradient step"]
    assert names("pre-activations") == ["pre-activation, z"]


@pytest.mark.parametrize(
    "text",
    [
        "`loss` and `validation_loss`",
        "```python\nloss = gradient\n```",
        "$\\eta$, $λ$ and $$\\text{loss}$$",
        "| loss | gradient |\n|:--|--:|\n| batch | epoch |",
        "## The loss of an epoch",
        "[the loss](https://example.org/loss) at https://example.org/epoch",
        ":material/epoch: and <b title='loss'>",
        "val_loss, lossy, unbiased, λ/n, ηλ, Λ and Σ",
    ],
)
def test_what_is_no_prose_is_left_alone(text: str) -> None:
    assert names(text) == []
    assert glossary.marked(text, set(glossary.terms())) == text


def test_a_mark_is_a_button_for_a_meaning_that_is_there_once() -> None:
    text = "The loss of a batch; the loss again, and a gradient."
    marked = glossary.marked(text, {"loss", "gradient"})
    assert plain(marked) == text
    assert [m[1] for m in MARK.finditer(marked)] == ["loss", "gradient"]
    targets = re.findall(r'popovertarget="([^"]+)"', marked)
    assert targets == re.findall(r' id="([^"]+)"', marked) == ["word-loss", "word-gradient"]
    assert glossary.terms()["loss"].meaning in marked
    # Browsers break a line before and after a button.
    marked = glossary.marked("It (loss) is the loss.", {"loss"})
    assert re.fullmatch(r'It <span class="fmviz-kept">\(<.*>\)</span> is the loss\.', marked)


def test_every_term_has_an_id_of_its_own_and_a_meaning_of_a_line() -> None:
    terms = glossary.terms()
    ids = {glossary.identifier(name) for name in terms}
    assert len(ids) == len(terms)
    assert not any(re.search(r"\s", each) for each in ids)
    assert list(terms) == sorted(terms)
    for term in terms.values():
        assert term.meaning.endswith(".")
        assert len(term.meaning.split()) <= 30, term.name
        # A meaning is read as it is, and does not explain a term by itself.
        assert not re.search(r"[`*$<>|]", term.meaning)
        assert term.name not in names(term.meaning.partition(". ")[0]), term.name
    forms = [form for term in terms.values() for form in term.forms]
    assert len(set(forms)) == len(forms)


def test_the_pages_use_every_term() -> None:
    used = {n for lesson in PROSE for body in prose.sections(lesson).values() for n in names(body)}
    assert used == set(glossary.terms())
