// Keras's `wait` after each epoch, counting up to patience.

class Waits {
  constructor(body, data) {
    this.data = data;
    this.picture = make(body, "div", "picture");
  }

  layout(width, height) {
    const { data } = this;
    const svg = svgOf(width, height);
    const [left, right, top, bottom] = [56, width - data.right, 10, height - 8];
    const first = data.film.first;
    const x = linear([first - data.pad, data.horizon + data.pad], [left, right]);
    const y = linear([0, data.top], [bottom, top]);
    const step = Math.max(1, stepOf(data.top, 4));
    for (let tick = 0; tick <= data.top; tick += step) {
      draw(svg, "path", { d: `M${left},${y(tick)}H${right}`, class: "grid" });
      draw(svg, "text", { x: left - 9, y: y(tick), class: "tick y" }, String(tick));
    }
    draw(svg, "path", { d: `M${left},${bottom}H${right}`, class: "base" });
    const at = { x: 11, y: (top + bottom) / 2 };
    draw(svg, "text", { ...at, class: "tick x title", transform: `rotate(-90 ${at.x} ${at.y})` }, "wait");
    const thick = Math.max(2, Math.min(9, 0.62 * (x(2) - x(1))));
    this.bars = data.values.map((wait, index) => {
      const epoch = index + 1;
      const place = { x: x(epoch) - thick / 2, y: y(wait), width: thick, height: bottom - y(wait) };
      return draw(svg, "rect", { ...place, class: epoch === data.stopped ? "wait fires" : "wait" });
    });
    draw(svg, "path", { d: `M${left},${y(data.patience)}H${right}`, class: "patience" });
    draw(svg, "text", { x: left + 6, y: y(data.patience) - 6, class: "limit" }, data.note);
    this.count = draw(svg, "text", { x: right + 14, y: bottom - 4, class: "end run-0" });
    this.picture.replaceChildren(svg);
  }

  frame(film) {
    if (!this.bars) return;
    const { values, stopped } = this.data;
    // A film at rest has counted to the end.
    const epoch = film.resting ? values.length : film.epoch;
    this.bars.forEach((bar, index) => {
      bar.classList.toggle("later", index + 1 > epoch);
      bar.classList.toggle("now", !film.resting && index + 1 === epoch);
    });
    const wait = values[Math.min(epoch, values.length) - 1];
    const over = stopped !== null && epoch >= stopped;
    this.count.textContent = wait === undefined ? "" : over ? "stops" : `wait ${wait}`;
  }
}
