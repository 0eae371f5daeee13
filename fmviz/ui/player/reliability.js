// How often answers are right against how sure they are, a dot a bin; on the diagonal as often.

class Reliability {
  constructor(body, data) {
    this.data = data;
    this.picture = make(body, "div", "picture");
  }

  layout(width, height) {
    const { data } = this;
    const [left, right, top, bottom] = [56, width - 16, 10, height - 40];
    const svg = svgOf(width, height);
    const [x, y] = [data.x, data.y].map((title) => ({ ends: [0, 1], percent: true, title }));
    this.x = scaleOf(x, [left, right]);
    this.y = scaleOf(y, [bottom, top]);
    for (const tick of ticksOf(y, 5)) {
      draw(svg, "path", { d: `M${left},${this.y(tick)}H${right}`, class: "grid" });
      draw(svg, "text", { x: left - 8, y: this.y(tick), class: "tick y" }, written(y, tick));
    }
    for (const tick of ticksOf(x, (right - left) / 60)) {
      draw(svg, "text", { x: this.x(tick), y: bottom + 19, class: "tick x" }, written(x, tick));
    }
    draw(svg, "path", { d: `M${left},${bottom}H${right}`, class: "base" });
    draw(svg, "text", { x: (left + right) / 2, y: height - 3, class: "tick x title" }, x.title);
    const [ty, tx] = [(top + bottom) / 2, 11];
    draw(svg, "text", { x: tx, y: ty, class: "tick x title", transform: `rotate(-90 ${tx} ${ty})` }, y.title);
    draw(svg, "path", { d: `M${left},${bottom}L${right},${top}`, class: "reference" });
    // As large as its share of all answers, but never lost.
    this.most = Math.min(width, height) / 16;
    const group = draw(svg, "g", { class: `run-${data.run}` });
    this.bins = data.bins[0].map(() => ({
      off: draw(group, "path", { class: "bar" }),
      whisker: draw(group, "path", { class: "whisker" }),
      dot: draw(group, "circle", { class: "mark" }),
    }));
    this.picture.replaceChildren(svg);
  }

  frame(film) {
    if (!this.bins) return;
    this.data.bins[film.epochOf(this.data.run)].forEach((bin, index) => {
      const { off, whisker, dot } = this.bins[index];
      for (const part of [off, whisker, dot]) part.classList.toggle("later", bin === null);
      if (bin === null) return;
      const [share, sure, right, error] = bin;
      const [x, y] = [this.x(sure), this.y(right)];
      const reach = (side) => this.y(Math.max(0, Math.min(1, right + side * error)));
      place(off, { d: `M${x},${this.y(sure)}V${y}` });
      place(whisker, { d: `M${x},${reach(-1)}V${reach(1)}` });
      place(dot, { cx: x, cy: y, r: Math.max(3, this.most * Math.sqrt(share)) });
    });
  }
}
