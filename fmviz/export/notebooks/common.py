"""Cells that a run's notebooks share: its images, labels, initial weights, plots and figures."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode, v4

from fmviz.analysis.stopping import Shown, look
from fmviz.page.view import Judging
from fmviz.run import data
from fmviz.run.choices import ACTIVATIONS, DATASETS, INITIALIZERS
from fmviz.run.config import RunConfig
from fmviz.run.measure import FLAT
from fmviz.run.record import RunRecord, layer_sizes
from fmviz.words import taking_home

# Of scripts/make_compact.py: what draws the compact set out of the full one.
COMPACT_SEED = 28

BALANCED_ORDER = '''\
def balanced_order(labels, rng):
    """A random order in which every first so many images hold all classes alike."""
    draw = rng.permutation(len(labels))
    rounds = np.empty(len(labels), int)
    for label in range(10):
        members = draw[labels[draw] == label]
        rounds[members] = np.arange(len(members))
    return np.lexsort((rng.random(len(labels)), rounds))'''

KERNELS = {
    "normal": "{std!r} * rng.standard_normal((fan_in, fan_out))",
    "xavier": "rng.standard_normal((fan_in, fan_out)) / np.sqrt(fan_in)",
    "zeros": "np.zeros((fan_in, fan_out))",
}
VARIANCES = {"glorot": "2 / (fan_in + fan_out)", "he": "2 / fan_in", "lecun": "1 / fan_in"}

# Where a unit is flat, given z before its activation function; leaky ReLU is flat nowhere.
FLAT_CODE = {
    "tanh": "np.abs(z) >= np.arctanh(0.99)",
    "sigmoid": "np.abs(z) >= np.log(99)",
    "relu": "z <= 0",
    **{name: f"z <= {FLAT[name][0]:.6f}" for name in ("elu", "selu", "gelu", "silu")},
}


def text(source: str) -> NotebookNode:
    """A cell of prose."""
    return v4.new_markdown_cell(source)


def code(source: str) -> NotebookNode:
    """A cell of Python."""
    return v4.new_code_cell(source)


def joined(*parts: str) -> str:
    """Lines of code, empty parts left out."""
    return "\n".join(part for part in parts if part)


def notebook(cells: list[NotebookNode]) -> NotebookNode:
    """The cells as a notebook; the same cells always make the same file."""
    for number, cell in enumerate(cells, start=1):
        cell["id"] = f"cell-{number}"
    return v4.new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
    )


def shown(record: RunRecord, view: Judging) -> Shown:
    """The run as its page looks at it.

    Raises:
        ValueError: it has no finished epoch, so there are no figures to agree with.
    """
    run = look(record, "run", **view.early_stopping)
    if not run.kept:
        raise ValueError("a run without a finished epoch has no figures for a notebook")
    return run


def epochs(record: RunRecord) -> int:
    """Epochs to train: all, or those that a diverged run ended finite."""
    return record.epochs if record.diverged else record.config.epochs


def title(record: RunRecord, library: str) -> list[NotebookNode]:
    """What the notebook is."""
    config = record.config
    same = "initial weights and batches"
    if config.dropout:
        same += ", but other dropout masks, so that figures differ a little"
    else:
        same += ", so that figures differ by rounding only, which grows over the steps"
    found = (
        f"# A run of fmviz in {library}\n\n{taking_home.sentence(config)}.\n\n"
        f"The notebook trains this network again on the same images, with the same {same}. "
        "At the end fmviz's figures stand beside its own. It needs no GPU."
    )
    if record.diverged:
        found += (
            f"\n\n**This run diverged** in epoch {record.diverged.epoch}: a "
            f"{record.diverged.where} was no longer finite. The notebook trains the "
            f"{record.epochs} epochs before that; give `EPOCHS` one more to see it happen."
        )
    return [text(found)]


def settings(config: RunConfig, count: int) -> str:
    """The numbers of the run that several cells need."""
    return joined(
        f"N = {config.train_size}  # training images",
        f"EPOCHS = {count}",
        f"BATCH = {config.batch_size}",
        f"SEED = {config.seed}",
    )


def images(config: RunConfig, test: bool) -> list[NotebookNode]:
    """The split, from `images`, `labels`, `test_images` and `test_labels` of the full set."""
    info = DATASETS[config.dataset]
    lines = []
    if config.dataset == "compact":
        lines += [
            f"rng = np.random.default_rng({COMPACT_SEED})  # fmviz's compact part of the full set",
            f"part = np.sort(balanced_order(labels, rng)[:{info.train + info.validation}])",
            f"test_part = np.sort(balanced_order(test_labels, rng)[:{info.test}])" if test else "",
            "images, labels = images[part], labels[part]",
            "test_images, test_labels = test_images[test_part], test_labels[test_part]"
            if test
            else "",
            "",
        ]
    scaled = '.reshape(-1, 784).astype("float32") / 255'
    split = joined(
        *lines,
        f"order = balanced_order(labels, np.random.default_rng({data.SPLIT_SEED}))",
        f"images, labels = images[order]{scaled}, labels[order]",
        'x_train, y_train = images[:N], labels[:N].astype("int64")',
        f'x_val, y_val = images[{info.train}:], labels[{info.train}:].astype("int64")',
        f'x_test, y_test = test_images{scaled}, test_labels.astype("int64")' if test else "",
    )
    held_out = f"{info.validation:,} images are kept for validation"
    held_out += f" and {info.test:,} for the test" if test else ""
    of = f"{info.train + info.validation + info.test:,} of its 70,000 images"
    cells = [
        text(
            "## Images\n\nFashion-MNIST: ten kinds of garment in 28 × 28 grey pixels. "
            + (f"fmviz's compact set is {of}, all classes alike. " if lines else "")
            + f"The network trains on {config.train_size:,}; {held_out}."
        ),
        code(BALANCED_ORDER),
        code(split),
    ]
    if config.label_noise:
        cells += _noise(config)
    names = ", ".join(f'"{name}"' for name in data.CLASS_NAMES)
    names = names.replace(', "Sandal"', ',\n         "Sandal"')
    cells.append(
        code(
            f"NAMES = [{names}]\n"
            "figure, axes = plt.subplots(1, 10, figsize=(14, 2))\n"
            "for axis, pixels, label in zip(axes, x_train, y_train):\n"
            '    axis.imshow(pixels.reshape(28, 28), cmap="gray_r")\n'
            "    axis.set_title(NAMES[label], fontsize=9)\n"
            '    axis.axis("off")\n'
            "plt.show()"
        )
    )
    return cells


def _noise(config: RunConfig) -> list[NotebookNode]:
    return [
        text(
            f"{config.label_noise:.0%} of the training images are told a wrong label, drawn evenly "
            "from the other nine (Zhang et al. 2017). A network that gets those right has learnt "
            "them by heart."
        ),
        code(
            "rng = np.random.default_rng([SEED, 1])\n"
            "draw, shift = rng.permutation(N), rng.integers(1, 10, size=N)\n"
            f"wrong = draw[:round({config.label_noise!r} * N)]\n"
            "y_train = y_train.copy()\n"
            "y_train[wrong] = (y_train[wrong] + shift[wrong]) % 10"
        ),
    ]


def initial_weights(config: RunConfig) -> list[NotebookNode]:
    """fmviz's draws, layer by layer, as `weights`: kernels and biases in turn."""
    choice = INITIALIZERS[config.initializer]
    name = config.initializer
    if name in KERNELS:
        draw = f"    kernel = {KERNELS[name].format(std=config.init_std)}"
    elif name == "orthogonal":
        draw = joined(
            "    long, short = max(fan_in, fan_out), min(fan_in, fan_out)",
            "    q, r = np.linalg.qr(rng.standard_normal((long, short)))",
            "    q *= np.sign(np.diag(r))",
            "    kernel = q if fan_in >= fan_out else q.T",
        )
    else:
        kind, law = name.split("_")
        sigma = f"    sigma = np.sqrt({VARIANCES[kind]})"
        if law == "uniform":
            draw = joined(
                sigma,
                "    kernel = np.sqrt(3) * sigma * rng.uniform(-1, 1, (fan_in, fan_out))",
            )
        else:
            draw = joined(
                sigma,
                "    z = rng.standard_normal((fan_in, fan_out))",
                "    while (outside := np.abs(z) > 2).any():  # truncated at two sigma",
                "        z[outside] = rng.standard_normal(outside.sum())",
                "    kernel = sigma * z / 0.87962566103423978  # whose sigma is less than 1",
            )
    rng = "" if name == "zeros" else "    rng = np.random.default_rng([SEED, 0, layer])"
    head = "for layer, (fan_in, fan_out) in enumerate(zip(SIZES, SIZES[1:])):"
    return [
        text(f"## Initial weights\n\n{choice.label}: {choice.help} Biases start at zero."),
        code(
            joined(
                f"SIZES = {list(layer_sizes(config))}",
                "weights = []",
                head,
                rng,
                draw,
                '    weights += [kernel.astype("float32"), np.zeros(fan_out, "float32")]',
            )
        ),
    ]


def penalty_text(config: RunConfig) -> str:
    """The penalty's formula with this run's λ and n; "" where it has none."""
    lam, n = f"{config.lam:g}", f"{config.train_size:,}".replace(",", "{,}")
    where = f"with $\\lambda = {lam}$, $n = {n}$; biases are free. "
    share = f"{config.l1_share:g}"
    return {
        "none": "",
        "l2": rf"$$C = C_0 + \frac{{\lambda}}{{2n}} \sum w^2,$$ {where}",
        "l1": rf"$$C = C_0 + \frac{{\lambda}}{{n}} \sum |w|,$$ {where}",
        "l1_l2": rf"$$C = C_0 + {share}\,\frac{{\lambda}}{{n}} \sum |w| + "
        rf"(1 - {share})\,\frac{{\lambda}}{{2n}} \sum w^2,$$ {where}",
        "l1_proximal": r"After each step, soft-thresholding: "
        r"$$w \leftarrow \operatorname{sgn}(w)\,\max(|w| - \eta\lambda/n,\ 0),$$ " + where,
        "weight_decay": r"Decoupled from the gradient, before each step: "
        r"$$w \leftarrow (1 - \eta\lambda/n)\,w,$$ " + where,
    }[config.penalty]


def activation_words(config: RunConfig) -> str:
    """The network in words."""
    if not config.hidden:
        return "No hidden layer: 784 pixels straight to ten logits."
    sizes = " → ".join(map(str, layer_sizes(config)))
    label = ACTIVATIONS[config.activation].label
    dropout = f", dropout {config.dropout:g} after each of them" if config.dropout else ""
    return f"{sizes}, with {label} in the hidden layers{dropout}; it ends in logits."


def _listed(name: str, values: Any) -> str:
    """`name = [...]` in lines of at most 100 columns."""
    lines, line = [], f"{name} = ["
    for value in values:
        item = f"{value:.4f}, "
        if len(line) + len(item) > 98:
            lines.append(line.rstrip())
            line = "    "
        line += item
    return "\n".join([*lines, line.rstrip(", ") + "]"])


def plots(record: RunRecord, run: Shown) -> list[NotebookNode]:
    """Accuracy after each epoch beside fmviz's, from `history`; the weights at the end."""
    # Where early stopping ended the run, fmviz's later epochs have nothing beside them.
    stopped = run.stop.stopped if run.stop else None
    count = record.epochs if stopped is None else stopped
    return [
        text(
            "## Accuracy after each epoch\n\nLines are this notebook's, dots are fmviz's. Training "
            f"accuracy is measured after the epoch on {record.examples['train']:,} training "
            "images, in inference mode, so that it compares with validation accuracy."
        ),
        code(
            joined(
                _listed("app_train", record.history["train_accuracy"][:count]),
                _listed("app_val", record.history["val_accuracy"][:count]),
            )
        ),
        code(
            "for name, app, colour in (\n"
            '    ("train_accuracy", app_train, "tab:blue"),\n'
            '    ("val_accuracy", app_val, "tab:orange"),\n'
            "):\n"
            "    own = history[name]\n"
            "    plt.plot(range(1, len(own) + 1), own, color=colour, label=name)\n"
            '    plt.plot(range(1, len(app) + 1), app, ".", color=colour)\n'
            'plt.xlabel("epoch")\n'
            'plt.ylabel("accuracy")\n'
            "plt.legend()\n"
            "plt.show()"
        ),
        code(
            "values = np.concatenate([kernel.ravel() for kernel in weights[::2]])\n"
            "plt.hist(values, bins=100)\n"
            'plt.yscale("log")\n'
            'plt.xlabel("weight at the end of training")\n'
            'plt.ylabel("weights")\n'
            "plt.show()"
        ),
    ]


def comparison(record: RunRecord, run: Shown, view: Judging, saturation: str) -> list[NotebookNode]:
    """fmviz's figures beside the notebook's.

    Args:
        saturation: code that appends each hidden layer's share of flat activations to `flat`.
    """
    epoch, config = run.kept, record.config
    names = ["train", "val"] + (["test"] if view.test else [])
    images_of = {"train": "train", "val": "validation", "test": "test"}
    rows = [
        f'    "{images_of[name]} accuracy": {record.at(f"{name}_accuracy", epoch):.4f},'
        for name in names
    ]
    rows.append(f'    "accuracy gap": {record.gap(epoch).value:.4f},')
    rows.append(f'    "|w| <= {view.tolerance:g}": {record.sparsity(view.tolerance, epoch):.4f},')
    flat = config.activation in FLAT_CODE and bool(config.hidden)
    if flat:
        shares = record.layers_at("saturation", epoch)
        rows += [f'    "flat in layer {i}": {share:.4f},' for i, share in enumerate(shares, 1)]
    samples = "".join(
        f'    "{images_of[name]} accuracy": ({correct}),\n'
        for name, correct in (
            ("train", "accuracy(x_sample, y_sample), len(y_sample)"),
            ("val", "accuracy(x_val, y_val), len(y_val)"),
            ("test", "accuracy(x_test, y_test), len(y_test)"),
        )
        if name in names
    )
    return [
        text(
            "## fmviz's figures beside this notebook's\n\nWith the weights after epoch "
            f"{epoch}. An accuracy $p$ over $m$ images has the standard error "
            r"$\sqrt{p(1 - p)/m}$: what differs by less than two of them could be noise. "
            "fmviz's figures:"
        ),
        code("app = {\n" + "\n".join(rows) + "\n}"),
        code(
            f"measured = {{\n{samples}}}\n"
            "own = {name: p for name, (p, m) in measured.items()}\n"
            "error = {name: np.sqrt(p * (1 - p) / m) for name, (p, m) in measured.items()}\n"
            'own["accuracy gap"] = own["train accuracy"] - own["validation accuracy"]\n'
            'error["accuracy gap"] = np.hypot(\n'
            '    error["train accuracy"], error["validation accuracy"])\n'
            f'own["|w| <= {view.tolerance:g}"] = '
            f"np.mean(np.abs(values) <= np.float32({view.tolerance!r}))"
        ),
        *(
            [
                text(
                    "A unit is flat on an image where its activation function has next to no "
                    "slope; measured on the first 500 validation images."
                ),
                code(
                    joined(
                        saturation.format(flat=FLAT_CODE[config.activation]),
                        "for layer, share in enumerate(flat, start=1):",
                        '    own[f"flat in layer {layer}"] = share',
                    )
                ),
            ]
            if flat
            else []
        ),
        code(
            "print(f\"{'':22}{'fmviz':>9}{'here':>9}{'±':>9}{'images':>9}\")\n"
            "for name, value in app.items():\n"
            '    line = f"{name:22}{value:9.4f}{own[name]:9.4f}"\n'
            "    if name in error:\n"
            '        line += f"{error[name]:9.4f}"\n'
            "    if name in measured:\n"
            '        line += f"{measured[name][1]:9,}"\n'
            "    print(line)"
        ),
        text(
            "Another `SEED` gives other initial weights"
            + (", other wrong labels" if config.label_noise else "")
            + (" and other dropout masks" if config.dropout else "")
            + ". How far the figures then move is the spread over seeds: a difference between two "
            "settings that is smaller than that says nothing."
        ),
    ]
