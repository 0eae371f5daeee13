// True classes against answers: the share of each row as a colour, the count in it.

class Matrix {
  constructor(body, data) {
    this.data = data;
    this.picture = make(body, "div", "picture");
  }

  paint(dark) {
    const [pale, full] = this.data.ramp[Number(dark)].map((colour) => rgbOf(colour));
    this.colourOf = (share) => `rgb(${pale.map((from, k) => Math.round(from + share * (full[k] - from))).join(",")})`;
    this.text = this.data.text[Number(dark)];
    this.shown = null;
  }

  layout(width, height) {
    const { names } = this.data;
    const svg = svgOf(width, height);
    const [left, bottom] = [104, height - 84];
    const [wide, tall] = [(width - left - 2) / names.length, bottom / names.length];
    names.forEach((name, k) => {
      draw(svg, "text", { x: left - 8, y: (k + 0.5) * tall, class: "tick y" }, name);
      const [x, y] = [left + (k + 0.5) * wide, bottom + 14];
      draw(svg, "text", { x, y, class: "tick y", transform: `rotate(-40 ${x} ${y})` }, name);
    });
    draw(svg, "text", { x: (left + width) / 2, y: height - 3, class: "tick x title" }, this.data.x);
    draw(svg, "text", { x: 9, y: bottom / 2, class: "tick x title", transform: `rotate(-90 9 ${bottom / 2})` }, this.data.y);
    this.cells = names.flatMap((_, row) =>
      names.map((_, column) => {
        const [x, y] = [left + column * wide, row * tall];
        return {
          ground: draw(svg, "rect", { x, y, width: wide - 1, height: tall - 1 }),
          count: draw(svg, "text", { x: x + wide / 2, y: y + tall / 2, class: "count" }),
        };
      }),
    );
    this.shown = null;
    this.picture.replaceChildren(svg);
  }

  frame(film) {
    const epoch = film.epochOf(this.data.run);
    if (!this.cells || this.shown === epoch) return;
    this.shown = epoch;
    const counts = this.data.counts[epoch];
    const side = this.data.names.length;
    this.cells.forEach(({ ground, count }, index) => {
      const first = index - (index % side);
      const all = counts.slice(first, first + side).reduce((sum, each) => sum + each, 0);
      const share = counts[index] / Math.max(1, all);
      place(ground, { fill: this.colourOf(share) });
      place(count, { fill: this.text[Number(share > 0.5)] });
      count.textContent = counts[index] || "";
    });
  }
}
