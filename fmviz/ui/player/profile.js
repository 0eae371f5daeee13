// Curves that move as a whole: a distribution, or a share against a threshold.

class Profile {
  constructor(body, data) {
    this.data = data;
    this.legend = make(body, "div", "legend");
    const runs = [...new Set(data.lines.map((line) => line.run))];
    for (const index of runs) {
      const key = make(this.legend, "span", `key run-${index}`);
      const mark = draw(key, "svg", { width: 22, height: 12, viewBox: "-11 -6 22 12" });
      draw(mark, "path", { d: "M-11,0H11", class: "line" });
      if (!data.steps) draw(mark, "path", { d: shapeOf(data.film.runs[index], 4), class: "mark" });
      key.append(data.film.runs[index].name);
    }
    this.picture = make(body, "div", "picture");
  }

  layout(width, height) {
    const { data } = this;
    const [left, right, top, bottom] = [54, width - 12, 10, height - 40];
    const svg = svgOf(width, height);
    this.x = scaleOf(data.x, [left, right]);
    this.y = scaleOf(data.y, [bottom, top]);
    const rows = Math.max(2, Math.floor((bottom - top) / 42));
    for (const tick of ticksOf(data.y, rows)) {
      draw(svg, "path", { d: `M${left},${this.y(tick)}H${right}`, class: "grid" });
      draw(svg, "text", { x: left - 8, y: this.y(tick), class: "tick y" }, written(data.y, tick));
    }
    for (const tick of ticksOf(data.x, (right - left) / 66)) {
      draw(svg, "text", { x: this.x(tick), y: bottom + 19, class: "tick x" }, written(data.x, tick));
    }
    draw(svg, "path", { d: `M${left},${bottom}H${right}`, class: "base" });
    draw(svg, "text", { x: (left + right) / 2, y: height - 3, class: "tick x title" }, data.x.title);
    const [ty, tx] = [(top + bottom) / 2, 11];
    draw(svg, "text", { x: tx, y: ty, class: "tick x title", transform: `rotate(-90 ${tx} ${ty})` }, data.y.title);
    if (data.rule !== null) {
      draw(svg, "path", { d: `M${this.x(data.rule)},${top}V${bottom}`, class: "reference" });
    }
    const id = `inside-${data.kind}-${Math.round(this.x(data.x.ends[0]))}`;
    draw(draw(draw(svg, "defs"), "clipPath", { id }), "rect", {
      x: left,
      y: top - 4,
      width: right - left,
      height: bottom - top + 4,
    });
    this.paths = data.lines.map((line) =>
      draw(svg, "path", { class: `line run-${line.run}`, "clip-path": `url(#${id})` }),
    );
    this.marks = data.steps
      ? []
      : data.lines.map((line) =>
          line.x.map((x) =>
            draw(svg, "path", { d: shapeOf(data.film.runs[line.run], 3.4), class: `mark run-${line.run}`, "data-x": this.x(x) }),
          ),
        );
    this.shown = [];
    this.picture.replaceChildren(svg);
  }

  frame(film) {
    if (!this.paths) return;
    this.data.lines.forEach((line, index) => {
      const epoch = film.epochOf(line.run);
      if (this.shown[index] === epoch) return;
      this.shown[index] = epoch;
      const heights = line.y[epoch].map((v) => (v === null ? null : this.y(v)));
      const points = this.data.steps
        ? heights.flatMap((y, k) => [[this.x(line.x[k]), y], [this.x(line.x[k + 1]), y]])
        : heights.map((y, k) => [this.x(line.x[k]), y]);
      place(this.paths[index], { d: pathOf(points) });
      this.marks[index]?.forEach((mark, k) =>
        place(mark, { transform: `translate(${mark.dataset.x},${heights[k] ?? -99})` }),
      );
    });
  }
}
