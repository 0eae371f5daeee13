# make app and make test do all their own set-up.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: setup app dev lint check test corners record notebooks bench bench-browser bench-sweeps drive soak data

setup: $(READY)

$(READY): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else f"fmviz needs Python 3.11 to 3.13, and $(PYTHON) is {v[0]}.{v[1]}. Name another: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(READY)

app: setup  ## Start the app
	$(BIN)/streamlit run app.py

dev: setup  ## Start the app, reloading when a file changes
	$(BIN)/streamlit run app.py --server.fileWatcherType=auto

lint: setup  ## Format, lint, types, the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

check: lint  ## The daily loop: lint, and the tests that are not marked slow
	FMVIZ_QUICK_TESTS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -q -r f

test: lint  ## Everything
	$(BIN)/python -m pytest -n 2 --dist loadfile

corners: setup  ## Many more random addresses than make test tries: every page, odd runs
	FMVIZ_CORNERS=200 $(BIN)/python -m pytest -n 2 -q tests/pages/test_corners.py

record: setup  ## Train anew the runs that ship with fmviz
	$(BIN)/python -m scripts.record

notebooks: setup  ## Write anew the notebooks of every lesson's opening run
	$(BIN)/python -m scripts.notebooks

bench: setup  ## The trainer beside model.fit, PyTorch, scikit-learn and JAX (those installed)
	$(BIN)/python -m benchmarks.trainer

bench-browser: setup  ## Time from a slider's release to the picture
	$(BIN)/python -m benchmarks.latency

bench-sweeps: setup  ## How long sweeps are said to take, beside how long they do
	$(BIN)/python -m benchmarks.sweeps

drive: setup  ## Every page in Chromium, every control moved
	$(BIN)/python -m benchmarks.drive

soak: setup  ## 500 different runs in one worker, and its memory
	$(BIN)/python -m benchmarks.soak

data: setup  ## Make the compact data set anew: make data FROM=folder
	$(BIN)/python -m scripts.make_compact $(FROM)
