// A reel is one picture of a film. Streamlit calls `mountReel` and `mountBar` as they come, and
// again whenever their data or the theme change.

const KINDS = {
  lines: Lines,
  waits: Waits,
  gap: Gap,
  profile: Profile,
  bars: Bars,
  kernels: Kernels,
  network: Network,
  ravine: Ravine,
  valley: Valley,
  thinned: Thinned,
  layers: Layers,
  garments: Garments,
  matrix: Matrix,
  reliability: Reliability,
};
// Their parts are pictures, words or controls of their own.
const COMPOSED = ["kernels", "network", "ravine", "thinned", "garments"];

// Of the page's type, in pixels, for which the pictures are made.
const FONT = 18;

const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);

// Whether the page is dark, by its ground, which Streamlit's variables have as soon as it changes.
// To ask has a browser work out its style anew: once for all pictures that come together.
let dark = null;
function isDark(node) {
  if (dark === null) {
    dark = hasDarkGround(node);
    setTimeout(() => (dark = null));
  }
  return dark;
}

function hasDarkGround(node) {
  const ground = getComputedStyle(node).getPropertyValue("--st-background-color").trim();
  const [red, green, blue] = ground.startsWith("#") ? rgbOf(ground) : (ground.match(/[\d.]+/g) ?? [255, 255, 255]).map(Number);
  return 0.3 * red + 0.6 * green + 0.1 * blue < 128;
}

class Reel {
  constructor(root) {
    this.isReel = true;
    this.root = root;
    this.place = root.host.closest('[class*="st-key-film-"]');
    root.adoptedStyleSheets = [sheet];
    this.node = make(root, "div", "reel");
    this.sizes = new ResizeObserver(() => this.layout());
    this.sight = new ResizeObserver(() => this.mark());
    this.sight.observe(root.host);
  }

  // What stands in is hidden only where this is seen. A widget that makes way for something else in
  // the midst of a run Streamlit keeps out of sight until the run has ended: for as long as a network
  // trains.
  mark() {
    const { host } = this.root;
    if (this.data && host.getClientRects().length) {
      host.setAttribute("data-fmviz-drawn", this.data.kind);
      this.place?.setAttribute("data-fmviz-film", "drawn");
    } else {
      host.removeAttribute("data-fmviz-drawn");
      // Another may have come in its place.
      if (!this.place?.querySelector("[data-fmviz-drawn]")) this.place?.removeAttribute("data-fmviz-film");
    }
  }

  show(data) {
    const text = JSON.stringify(data);
    if (text !== this.text) {
      this.text = text;
      this.data = data;
      this.film?.watchers.delete(this);
      this.film = filmOf(data.film.name);
      this.build();
      this.colour();
      this.film.watchers.add(this);
      this.film.load(data.film);
    } else {
      this.colour();
    }
    // The chart that stands in may be a while until it has its height.
    if (this.place && data.height) this.place.style.minHeight = `${data.height}px`;
    this.layout();
    this.film.tell();
    this.mark();
  }

  build() {
    const { data } = this;
    this.picture?.end?.();
    this.node.replaceChildren();
    this.node.className = `reel ${data.kind}`;
    this.head = null;
    if (data.head) {
      const box = make(this.node, "div", "head");
      make(box, "span", "label", data.head.label);
      const help = make(box, "button", "help", "?");
      help.type = "button";
      help.setAttribute("aria-label", `Help on ${data.head.label}`);
      help.setAttribute("aria-describedby", "meaning");
      const meaning = make(box, "div", "meaning", data.head.meaning);
      meaning.id = "meaning";
      meaning.setAttribute("role", "tooltip");
      this.head = make(box, "div", "value");
    }
    const body = make(this.node, "div", "body");
    body.setAttribute("role", COMPOSED.includes(data.kind) ? "group" : "img");
    body.setAttribute("aria-label", data.alt);
    this.picture = new KINDS[data.kind](body, data);
    this.sizes.disconnect();
    if (this.picture.picture) this.sizes.observe(this.picture.picture);
  }

  colour() {
    const dark = isDark(this.root.host);
    this.node.style.colorScheme = dark ? "dark" : "light";
    this.data.film.runs.forEach((run, index) => {
      this.node.style.setProperty(`--run-${index}`, run.colours[Number(dark)]);
    });
    this.picture.paint?.(dark);
  }

  layout() {
    const box = this.picture.picture;
    if (!box) return;
    const { width, height } = box.getBoundingClientRect();
    // With less than half of its height it is still being laid out, and has no room for its margins.
    if (width < 40 || height < Math.max(60, (this.data.height ?? 0) / 2)) return;
    // As the type on the page grows, so do margins and marks.
    const unit = parseFloat(getComputedStyle(document.documentElement).fontSize) / FONT;
    this.picture.layout(width / unit, height / unit);
    this.frame(this.film);
    if (this.data.begins) this.film.reveal?.begin();
    this.film.open();
  }

  frame(film) {
    // The others of a page hear of new runs a little later.
    if (this.data.film.key !== film.clock?.key) return;
    if (this.head) {
      const { values, run } = this.data.head;
      this.head.textContent = values[film.epochOf(run)];
    }
    this.node.classList.toggle("revealing", film.revealing);
    this.picture.frame(film);
    this.root.host.setAttribute(`data-fmviz-${film.clock.unit ?? "epoch"}`, film.epoch);
    this.root.host.toggleAttribute("data-fmviz-revealed", !film.revealing);
  }

  end() {
    this.sizes.disconnect();
    this.sight.disconnect();
    this.picture?.end?.();
    this.film?.watchers.delete(this);
    if (this.film && !this.film.ready) this.film.stop();
    this.film?.tell();
    this.node.remove();
    this.data = null;
    this.mark();
    this.root.host?.removeAttribute("data-fmviz-revealed");
  }
}

const mounted = new WeakMap();

// Streamlit may call the clean-up of an earlier call after a later call: only the last one's counts.
function mount(root, create) {
  let entry = mounted.get(root);
  if (!entry) {
    entry = { part: create(), calls: 0 };
    mounted.set(root, entry);
  }
  const call = ++entry.calls;
  const end = () => {
    if (entry.calls !== call) return;
    mounted.delete(root);
    entry.part.end();
  };
  return [entry.part, end];
}

function mountReel({ data, parentElement }) {
  const [part, end] = mount(parentElement, () => new Reel(parentElement));
  part.show(data);
  return end;
}

export default function mountBar({ data, parentElement, setTriggerValue }) {
  const [, end] = mount(parentElement, () => {
    parentElement.adoptedStyleSheets = [sheet];
    const branch = data.branches ? (epoch) => setTriggerValue("branch", epoch) : null;
    return new Bar(parentElement, data.film, "epoch", branch);
  });
  return end;
}

const shared = (globalThis.fmvizPlayer ??= {});
shared.mountReel = mountReel;
shared.films = films;
for (const wake of shared.waiting ?? []) wake();
shared.waiting = [];
