// A network at the first steps of its training, as the first image of each met it: units that are
// dropped vanish with all that leads to them and from them, and what is left counts for more.

class Thinned {
  constructor(body, data) {
    this.data = data;
    this.pixels = bytesOf(data.pixels);
    this.canvas = document.createElement("canvas");
    [this.canvas.height, this.canvas.width] = data.shape;
    this.picture = make(body, "div", "picture");
    this.bar = new Bar(body, data.film.name, "step");
  }

  layout(width, height) {
    const { data } = this;
    const svg = svgOf(width, height);
    const [top, bottom] = [12, height - 50];
    const middle = (top + bottom) / 2;
    const side = Math.min(66, width / 4);
    const [first, last] = [side + 36, width - 82];
    const columns = [...data.layers.map((layer) => Math.min(layer.units, data.room)), data.classes.length];
    const across = linear([0, columns.length - 1], [first, last]);
    const pitch = (bottom - top) / data.room;
    const spots = columns.map((count, column) =>
      Array.from({ length: count }, (_, unit) => [
        columns.length > 1 ? across(column) : last,
        middle + (unit - (count - 1) / 2) * (column === columns.length - 1 ? (bottom - top) / count : pitch),
      ]),
    );
    const run = draw(svg, "g", { class: "run-0" });
    const edges = draw(run, "g", { class: "edges" });
    // From a unit to each of the next layer; the image is one place.
    const from = [[[side, middle]], ...spots];
    this.edges = spots.map((targets, column) =>
      from[column].flatMap(([x, y], source) =>
        targets.map(([toX, toY], target) => ({
          node: draw(edges, "path", { d: `M${x},${y}L${toX},${toY}`, class: "edge" }),
          source,
          target,
        })),
      ),
    );
    this.units = spots.slice(0, -1).map((units) =>
      units.map(([cx, cy]) => {
        draw(run, "circle", { cx, cy, r: 5, class: "socket" });
        return draw(run, "circle", { cx, cy, r: Math.min(pitch / 2 - 1, 8), class: "unit" });
      }),
    );
    this.classes = spots.at(-1).map(([cx, cy], index) => {
      draw(svg, "circle", { cx, cy, r: 5, class: "answer" });
      return draw(svg, "text", { x: cx + 10, y: cy + 4, class: "class" }, data.classes[index]);
    });
    const holder = draw(svg, "foreignObject", { x: 0, y: middle - side / 2, width: side, height: side });
    holder.append(this.canvas);
    this.title = draw(svg, "text", { x: side / 2, y: middle + side / 2 + 18, class: "tick x" });
    this.counts = spots.slice(0, -1).map((units) =>
      draw(svg, "text", { x: units[0][0], y: height - 28, class: "tick x" }),
    );
    this.scale = draw(run, "text", { x: (first + last) / 2, y: height - 6, class: "beside" });
    this.picture.replaceChildren(svg);
    this.shown = null;
  }

  frame(film) {
    if (!this.units || this.shown === film.epoch) return;
    this.shown = film.epoch;
    const { data } = this;
    // Before the first step all units are there, as where the network is used.
    const step = film.epoch - 1;
    const kept = data.layers.map((layer, index) =>
      this.units[index].map((_, unit) => step < 0 || layer.kept[step][unit] === "1"),
    );
    this.units.forEach((units, layer) =>
      units.forEach((unit, index) => unit.classList.toggle("dropped", !kept[layer][index])),
    );
    const there = [[true], ...kept, data.classes.map(() => true)];
    const width = 0.8 * (step < 0 ? 1 : Math.min(data.factor, 4));
    this.edges.forEach((edges, column) => {
      // What comes from the image is not scaled: only what a unit that is kept says.
      const thick = column ? width : 0.8;
      for (const { node, source, target } of edges) {
        node.classList.toggle("dropped", !there[column][source] || !there[column + 1][target]);
        node.setAttribute("stroke-width", thick);
      }
    });
    const many = data.layers.length > 2;
    this.counts.forEach((text, layer) => {
      const { units, left } = data.layers[layer];
      text.textContent = many ? `${step < 0 ? units : left[step]}` : `${step < 0 ? units : left[step]} of ${units}`;
    });
    this.scale.textContent = step < 0 ? "in use: all units, each × 1" : `units left, each ${data.counts}`;
    this.title.textContent = data.told[Math.max(0, step)];
    this.classes.forEach((text, index) =>
      text.classList.toggle("told", data.classes[index] === data.told[Math.max(0, step)]),
    );
    this.show(Math.max(0, step));
  }

  show(step) {
    const [height, width] = this.data.shape;
    const context = this.canvas.getContext("2d");
    const image = context.createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    for (let k = 0; k < height * width; k++) {
      const grey = this.pixels[step * height * width + k];
      pixels[k] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
    }
    context.putImageData(image, 0, 0);
  }

  end() {
    this.bar.end();
  }
}
