"""What the pages share: the only part of fmviz that imports Streamlit."""
