"""Compare: the runs that a reader has pinned, side by side."""

from fmviz.ui.panels import compare

page = compare.open_page()
compare.tools(page)
after = None
if page.runs:
    board = compare.PinBoard(page)
    board.place_status()
    board.add(compare.Table(board))
    board.add(compare.Overlay(board))
    after = compare.sections(page, board)
page.notes(home=False)
page.save()
if after is not None:
    board.run()
    after.run()
