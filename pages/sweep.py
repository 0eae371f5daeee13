"""Sweep: one or two knobs over many values and seeds, as curves or as a map."""

from fmviz.ui import controls
from fmviz.ui.frame import open_page
from fmviz.ui.panels import knobs as own

page = open_page("sweep")
left, right = page.columns()
with left:
    own.settings(page)
controls.more(page.name)

with right:
    own.measure(page)
    result = own.Result(page)

page.notes(home=False)
page.save()
result.run()
