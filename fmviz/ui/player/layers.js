// Histograms of the activations of each layer. In place of epochs their film has the positions of a
// slider of the page, and they move with its thumb, before the server hears of it.

// A share of flat activations above this is in their colour.
const MARKED = 0.05;
// A lane this high has room for the size of what the layer receives.
const TALL = 56;

class Layers {
  constructor(body, data) {
    this.data = data;
    const legend = make(body, "div", "legend");
    for (const part of data.parts) {
      const key = make(legend, "span", "key");
      key.style.setProperty("--run", `light-dark(${part.colours.join(",")})`);
      const mark = draw(key, "svg", { width: 12, height: 12, "aria-hidden": "true" });
      draw(mark, "rect", { width: 12, height: 12, rx: 2, class: "fill" });
      key.append(part.text);
    }
    this.at = make(legend, "strong", "at");
    this.picture = make(body, "div", "picture");
    const film = filmOf(data.film.name);
    this.sliders = new MutationObserver((changes) => {
      for (const { target } of changes) {
        if (target.closest(`.${data.follows}`)) film.seek(Number(target.value));
      }
    });
    if (data.follows) {
      const options = { subtree: true, attributeFilter: ["aria-valuetext"] };
      this.sliders.observe(document.body, options);
    }
  }

  end() {
    this.sliders.disconnect();
  }

  layout(width, height) {
    const { data } = this;
    const narrow = width < 460;
    const [left, right, bottom] = [74, width - (narrow ? 72 : 168), height - 40];
    const svg = svgOf(width, height);
    this.parts = data.parts.map((part) => `--run: light-dark(${part.colours.join(",")})`);
    const [steep, flat] = this.parts;
    const x = linear([0, data.bins], [left, right]);
    const lane = bottom / data.layers.length;
    for (const [at, text] of data.ticks) {
      draw(svg, "path", { d: `M${x(at)},0V${bottom}`, class: "grid" });
      draw(svg, "text", { x: x(at), y: bottom + 19, class: "tick x" }, text);
    }
    draw(svg, "text", { x: (left + right) / 2, y: height - 3, class: "tick x title" }, data.x);
    const share = linear([0, 1], [right + 18, width - 30]);
    if (!narrow) {
      const middle = (share(0) + share(1)) / 2;
      draw(svg, "text", { x: middle, y: bottom + 19, class: "tick x" }, data.title);
    }
    this.lanes = data.layers.map((layer, index) => {
      const base = (index + 1) * lane;
      draw(svg, "path", { d: `M${left},${base}H${right}`, class: "base" });
      draw(svg, "text", { x: left - 12, y: base - lane / 2 - 8, class: "tick y" }, layer.name);
      draw(svg, "text", { x: left - 12, y: base - lane / 2 + 9, class: "tick y faint" }, layer.note);
      const thick = x(1) - x(0);
      const bars = Array.from({ length: data.bins }, (_, bin) => {
        const bar = { x: x(bin) + 0.5, width: Math.max(0.5, thick - 1), class: "fill bar" };
        return [draw(svg, "rect", { ...bar, style: steep }), draw(svg, "rect", { ...bar, style: flat })];
      });
      const middle = base - lane / 2;
      const figure = draw(svg, "text", { x: share(0), y: middle + (narrow ? 5 : -4), class: "figure start" });
      if (narrow) return { base, bars, figure };
      const note = draw(svg, "text", { x: width, y: middle - 4, class: "tick note" });
      // In a low lane there is no room above the figure.
      const size = lane < TALL ? null : draw(svg, "text", { x: share(0), y: middle - 21, class: "tick" });
      draw(svg, "rect", { x: share(0), y: middle + 6, width: share(1) - share(0), height: 7, class: "trough" });
      const filled = draw(svg, "rect", { x: share(0), y: middle + 6, height: 7, class: "fill bar", style: flat });
      const range = draw(svg, "rect", { y: middle + 8.5, height: 2, class: "predicted" });
      const tick = draw(svg, "rect", { y: middle + 2, width: 3, height: 15, class: "predicted" });
      if (index === 0 && data.guess) this.mark(svg, share, middle);
      return { base, bars, figure, note, size, filled, range, tick };
    });
    this.scales = { share, height: (lane * 0.88) / 250 };
    this.picture.replaceChildren(svg);
  }

  // Where the reader expected the first layer's share to be.
  mark(svg, share, middle) {
    const [low, high] = this.data.guess;
    const { shares } = this.data.layers[0];
    const rest = shares[this.data.film.rest];
    const kind = low <= rest && rest <= high ? "span right" : "span";
    const box = { x: share(low), y: middle - 1, width: share(high) - share(low), height: 21, class: kind };
    const words = { x: share(low), y: middle + 35, class: kind };
    this.guess = [draw(svg, "rect", box), draw(svg, "text", words, "your guess")];
  }

  frame(film) {
    if (!this.lanes) return;
    // It was made of one position of the slider.
    this.guess?.forEach((part) => part.classList.toggle("later", !film.resting));
    const { share, height } = this.scales;
    const at = film.epochOf(0);
    this.at.textContent = this.data.at?.[at] ?? "";
    this.data.layers.forEach((layer, index) => {
      const { base, bars, figure, note, size, filled, range, tick } = this.lanes[index];
      const [flat, all] = layer.bars[at];
      bars.forEach(([rest, below], bin) => {
        const [low, high] = [flat[bin] * height, all[bin] * height];
        place(below, { y: base - low, height: low });
        place(rest, { y: base - high, height: high - low });
      });
      figure.textContent = layer.labels[at];
      place(figure, { style: layer.shares[at] > MARKED ? this.parts[1] : this.parts[0] });
      if (!note) return;
      note.textContent = layer.notes[at];
      if (size) size.textContent = layer.sizes[at];
      const [measured, predicted, error] = [layer.shares[at], layer.predicted[at] ?? 0, layer.errors[at] ?? 0];
      place(filled, { width: share(measured) - share(0) });
      const [low, high] = [Math.max(0, predicted - error), Math.min(1, predicted + error)].map(share);
      place(range, { x: low, width: high - low });
      place(tick, { x: share(predicted) - 1.5 });
    });
  }
}
