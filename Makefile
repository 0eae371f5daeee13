# make app and make test do all their own set-up.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8501
READY := .venv/.ready

.PHONY: setup app class dev lint check test faults corners record pictures notebooks bench bench-browser bench-sweeps bench-pages bench-player bench-garments bench-scale drive load footprint soak chaos data

setup: $(READY)

$(READY): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else f"fmviz needs Python 3.11 to 3.13, and $(PYTHON) is {v[0]}.{v[1]}. Name another: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(READY)

app: setup  ## Start the app, for this machine alone
	$(BIN)/streamlit run app.py --server.address=localhost --server.port=$(PORT)

class: setup  ## Start the app for a room: everybody in the same network can open it
	@$(BIN)/python -m scripts.room $(PORT)
	$(BIN)/streamlit run app.py --server.address=0.0.0.0 --server.port=$(PORT) --server.headless=true

dev: setup  ## Start the app, reloading when a file changes
	$(BIN)/streamlit run app.py --server.address=localhost --server.fileWatcherType=auto --client.showErrorDetails=full

lint: setup  ## Format, lint, types, the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

check: lint  ## The daily loop: lint, and the tests that are not marked slow
	FMVIZ_QUICK_TESTS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -q -r f

test: lint  ## Everything
	$(BIN)/python -m pytest -n 2 --dist loadfile

faults: setup  ## Workers, schedulers and clusters broken for real, some minutes
	FMVIZ_FAULTS=1 $(BIN)/python -m pytest -m faults

corners: setup  ## Many more random addresses than make test tries: every page, odd runs
	FMVIZ_CORNERS=200 $(BIN)/python -m pytest -n 2 -q tests/pages/test_corners.py

record: setup  ## Train anew the runs that ship with fmviz
	$(BIN)/python -m scripts.record $(ARGS)

pictures: setup  ## Take anew the pictures of the README, in Chromium
	$(BIN)/python -m scripts.pictures

notebooks: setup  ## Write anew the notebooks of every lesson's opening run
	$(BIN)/python -m scripts.notebooks

bench: setup  ## The trainer beside model.fit, PyTorch, scikit-learn and JAX (those installed)
	$(BIN)/python -m benchmarks.trainer

bench-browser: setup  ## Time from a slider's release to the picture
	$(BIN)/python -m benchmarks.latency

bench-sweeps: setup  ## How long sweeps are said to take, beside how long they do
	$(BIN)/python -m benchmarks.sweeps

bench-pages: setup  ## Time from a click on the navigation to the page
	$(BIN)/python -m benchmarks.navigation

bench-player: setup  ## Frames a second of the player
	$(BIN)/python -m benchmarks.player

bench-garments: setup  ## Ways to prepare a reader's picture, by what networks then say
	$(BIN)/python -m benchmarks.garments

bench-scale: setup  ## 64 workers that only wait, and two that train beside one
	$(BIN)/python -m benchmarks.scale

drive: setup  ## Every page in Chromium, every control moved
	$(BIN)/python -m benchmarks.drive

load: setup  ## A class at work on one app, measured beside its goals: make load ARGS="--rows ab"
	$(BIN)/python -m benchmarks.load $(ARGS)

footprint: setup  ## What the app takes of memory, with 0, 1, 20 and 60 viewers
	$(BIN)/python -m benchmarks.footprint

soak: setup  ## 500 different runs in one worker, and what they leave: make soak ARGS="--minutes 60"
	$(BIN)/python -m benchmarks.soak $(ARGS)

chaos: setup  ## Five minutes of faults under load, and what must hold all the while
	$(BIN)/python -m benchmarks.chaos $(ARGS)

data: setup  ## Make the compact data set anew: make data FROM=folder
	$(BIN)/python -m scripts.make_compact $(FROM)
