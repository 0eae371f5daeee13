"""fmviz: start with `streamlit run app.py`."""

from fmviz.ui import shell

if __name__ == "__main__":
    shell.run()
