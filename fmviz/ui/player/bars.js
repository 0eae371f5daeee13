// Shares of each layer as bars, with a tick for what was before training.

class Bars {
  constructor(body, data) {
    this.data = data;
    this.legend = make(body, "div", "legend");
    const shown = new Set(data.bars.map((bar) => bar.run));
    data.film.runs.forEach((run, index) => {
      if (!shown.has(index)) return;
      const key = make(this.legend, "span", `key run-${index}`);
      draw(draw(key, "svg", { width: 12, height: 12 }), "rect", { width: 12, height: 12, rx: 2, class: "fill" });
      key.append(run.name);
    });
    this.picture = make(body, "div", "picture");
  }

  layout(width, height) {
    const { data } = this;
    const [left, right, top, bottom] = [76, width - 58, 6, height - 40];
    const svg = svgOf(width, height);
    const x = { ends: [0, 1], percent: true, title: data.x.title };
    this.x = scaleOf(x, [left, right]);
    for (const tick of ticksOf(x, (right - left) / 60)) {
      draw(svg, "path", { d: `M${this.x(tick)},${top}V${bottom}`, class: "grid" });
      draw(svg, "text", { x: this.x(tick), y: bottom + 19, class: "tick x" }, written(x, tick));
    }
    draw(svg, "text", { x: (left + right) / 2, y: height - 3, class: "tick x title" }, x.title);
    const groups = [...new Set(data.bars.map((bar) => bar.group))];
    const lane = (bottom - top) / groups.length;
    this.bars = data.bars.map((bar) => {
      const mates = data.bars.filter((each) => each.group === bar.group);
      const thick = Math.min(30, (lane * 0.78) / mates.length);
      const middle = top + lane * (groups.indexOf(bar.group) + 0.5);
      const y = middle + (mates.indexOf(bar) - mates.length / 2) * thick;
      if (mates[0] === bar) {
        draw(svg, "text", { x: left - 10, y: middle - 2, class: "tick y" }, bar.group);
        draw(svg, "text", { x: left - 10, y: middle + 15, class: "tick y faint" }, bar.note);
      }
      const group = draw(svg, "g", { class: `run-${bar.run}` });
      const parts = {
        fill: draw(group, "rect", { x: left, y: y + 1.5, height: thick - 3, rx: 2, class: "fill" }),
        label: draw(group, "text", { y: y + thick / 2 + 5, class: "beside" }),
      };
      if (bar.values[0] !== null) {
        const start = this.x(bar.values[0]);
        draw(svg, "path", { d: `M${start},${y}v${thick}`, class: "start" });
      }
      return parts;
    });
    this.left = left;
    this.picture.replaceChildren(svg);
  }

  frame(film) {
    if (!this.bars) return;
    this.data.bars.forEach((bar, index) => {
      const epoch = film.epochOf(bar.run);
      const value = bar.values[epoch] ?? 0;
      const { fill, label } = this.bars[index];
      place(fill, { width: Math.max(0, this.x(value) - this.left) });
      place(label, { x: Math.max(this.x(value), this.x(bar.values[0] ?? 0)) + 8 });
      label.textContent = bar.labels[epoch];
    });
  }
}
