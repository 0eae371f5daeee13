// The gap meter: a bar from validation to training accuracy, a lane a run.

class Gap {
  constructor(body, data) {
    this.data = data;
    this.picture = make(body, "div", "picture");
  }

  layout(width, height) {
    const { data } = this;
    const [left, right, bottom] = [14, width - 14, height - 40];
    const svg = svgOf(width, height);
    const x = { ...data.x, percent: true };
    const count = Math.max(2, Math.floor((right - left) / 70));
    x.ends = niceEnds(x.ends, count);
    this.x = scaleOf(x, [left, right]);
    for (const tick of ticksOf(x, count)) {
      draw(svg, "path", { d: `M${this.x(tick)},6V${bottom}`, class: "grid" });
      draw(svg, "text", { x: this.x(tick), y: bottom + 19, class: "tick x" }, written(x, tick));
    }
    draw(svg, "text", { x: (left + right) / 2, y: height - 3, class: "tick x title" }, "accuracy");
    const lane = (bottom - 6) / data.rows.length;
    this.lanes = data.rows.map((row, index) => {
      const top = 6 + index * lane;
      const y = top + lane * 0.66;
      const group = draw(svg, "g", { class: `run-${index}` });
      draw(group, "text", { x: left, y: top + 17, class: "name" }, data.film.runs[index].name);
      const parts = { y, bar: draw(group, "path", { class: "bar" }), whiskers: draw(group, "path", { class: "whisker" }) };
      parts.ends = ["validation", "training"].map((split) =>
        draw(group, "path", { d: shapeOf(data.film.runs[index], 7), class: `dot ${split}` }),
      );
      parts.label = draw(group, "text", { y: y - 15, class: "figure" });
      return parts;
    });
    this.bounds = { left, right };
    this.picture.replaceChildren(svg);
  }

  frame(film) {
    if (!this.lanes) return;
    const { left, right } = this.bounds;
    this.data.rows.forEach((row, index) => {
      const epoch = film.epochOf(index);
      const { y, bar, whiskers, ends, label } = this.lanes[index];
      const [low, high] = [this.x(row.validation[epoch]), this.x(row.training[epoch])];
      // Of training there is nothing where no label is true.
      const whole = row.training[epoch] !== null;
      for (const part of [bar, ends[1]]) part.classList.toggle("later", !whole);
      place(bar, { d: `M${low},${y}H${high}` });
      const [training, validation] = row.errors[epoch];
      const reach = (value, error) => `M${this.x(value - error)},${y}H${this.x(value + error)}`;
      const upper = whole ? reach(row.training[epoch], training) : "";
      place(whiskers, { d: upper + reach(row.validation[epoch], validation) });
      place(ends[0], { transform: `translate(${low},${y})` });
      place(ends[1], { transform: `translate(${high},${y})` });
      label.textContent = row.labels[epoch];
      const half = row.labels[epoch].length * 4.3;
      place(label, { x: Math.max(left + half, Math.min(right - half, whole ? (low + high) / 2 : low)) });
    });
  }
}
