"""fmviz: start with `streamlit run app.py`.

Streamlit runs this file as `__main__` for every viewer. Before that, `streamlit run` imports it
once, finds the `st.App`, and serves it: that is where the server gets ready for its first viewer.
"""

import os

# Before NumPy is imported: the page's small products are faster on one thread than on threads that
# wait for a core of which the worker's training leaves them none.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Before Arrow is: what the rows of a chart have taken goes back to where all other memory does.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

import streamlit as st

from fmviz import shell

if __name__ == "__main__":
    shell.run()
else:
    shell.check()
    app = st.App(__file__, lifespan=shell.lifespan, routes=shell.routes())
