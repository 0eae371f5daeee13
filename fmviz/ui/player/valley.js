// The learning rate over the epochs, and below it a valley for each run, in which a dot takes steps
// at that rate: the last ones it took are pale.

const TAIL = 60;
const JUMPS = 8;

class Valley {
  constructor(body, data) {
    this.data = data;
    this.picture = make(body, "div", "picture");
  }

  layout(width, height) {
    const { data } = this;
    const svg = svgOf(width, height);
    const middle = Math.round(height * 0.5);
    this.drawRates(svg, width, middle);
    const wide = width / data.runs.length;
    this.valleys = data.runs.map((run, index) => this.drawValley(svg, index, index * wide, wide, middle + 8, height - 26));
    draw(svg, "text", { x: width / 2, y: height - 4, class: "tick x" }, data.note);
    this.picture.replaceChildren(svg);
  }

  drawRates(svg, width, height) {
    const { data } = this;
    const [left, right, top, bottom] = [62, width - 62, 12, height - 36];
    const y = { ...data.y, ends: niceEnds(data.y.ends, 3) };
    this.x = linear([0, data.horizon], [left, right]);
    this.y = linear(y.ends, [bottom, top]);
    for (const tick of ticksOf(y, 3)) {
      draw(svg, "path", { d: `M${left},${this.y(tick)}H${right}`, class: "grid" });
      draw(svg, "text", { x: left - 9, y: this.y(tick), class: "tick y" }, written(y, tick));
    }
    draw(svg, "path", { d: `M${left},${bottom}H${right}`, class: "base" });
    for (const tick of epochTicks(0, data.horizon, (right - left) / 66)) {
      draw(svg, "text", { x: this.x(tick), y: bottom + 19, class: "tick x" }, String(tick));
    }
    const at = { x: 11, y: (top + bottom) / 2 };
    draw(svg, "text", { ...at, class: "tick x title", transform: `rotate(-90 ${at.x} ${at.y})` }, y.title);
    const clip = draw(draw(svg, "defs"), "clipPath", { id: "spent" });
    this.past = draw(clip, "rect", { x: left - 4, y: 0, width: 0, height });
    for (const when of ["coming", "gone"]) {
      const group = draw(svg, "g", { class: when });
      if (when === "gone") place(group, { "clip-path": "url(#spent)" });
      data.runs.forEach(({ rates }, index) => {
        const d = rates.x.map((epoch, k) => `${k ? "H" : "M"}${this.x(epoch)}${k ? "V" : ","}${this.y(rates.y[k])}`);
        draw(group, "path", { d: d.join(""), class: `line run-${index}` });
      });
    }
    this.rule = draw(svg, "path", { d: `M0,${top - 6}V${bottom}`, class: "rule" });
    this.dots = data.runs.map((_, index) =>
      draw(svg, "path", { d: shapeOf(data.film.runs[index], 5), class: `dot run-${index}` }),
    );
    this.labels = data.runs.map((_, index) => draw(svg, "text", { x: right + 10, class: `end run-${index}` }));
    this.bounds = { left, right, top, bottom };
  }

  drawValley(svg, index, left, wide, top, bottom) {
    const { data } = this;
    const group = draw(svg, "g", { class: `run-${index}` });
    const x = linear([-data.reach, data.reach], [left + 10, left + wide - 10]);
    const y = linear([0, data.reach ** 2], [bottom - 12, top + 40]);
    const at = (w) => [x(w), y(w * w)];
    const slope = [];
    for (let k = -40; k <= 40; k++) slope.push(at((k / 40) * data.reach));
    draw(group, "text", { x: left + wide / 2, y: top + 12, class: "name" }, data.film.runs[index].name);
    const rest = draw(group, "text", { x: left + wide / 2, y: top + 29, class: "tick x" });
    draw(group, "path", { d: pathOf(slope), class: "slope" });
    const jumps = draw(group, "path", { class: "jumps" });
    const tail = Array.from({ length: TAIL }, () => draw(group, "circle", { r: 4, class: "been" }));
    const dot = draw(group, "circle", { r: 7, class: "walker" });
    // Three valleys leave room for the figure alone.
    return { at, rest, jumps, tail, dot, narrow: wide < 150 };
  }

  frame(film) {
    if (!this.valleys) return;
    const { data, bounds } = this;
    const x = this.x(film.at);
    place(this.past, { width: (film.resting ? bounds.right : x) - bounds.left + 8 });
    place(this.rule, { transform: `translate(${x})` });
    const wanted = data.runs.map((run, index) => {
      const known = film.clock.runs[index];
      const at = film.resting ? known.kept : Math.min(film.at, known.epochs);
      const { rates } = run;
      const next = rates.x.findIndex((epoch) => epoch > at);
      const y = this.y(rates.y[next < 0 ? rates.y.length - 1 : Math.max(0, next - 1)]);
      place(this.dots[index], { transform: `translate(${this.x(at)},${y})` });
      this.labels[index].textContent = run.labels[film.epochOf(index)];
      this.step(index, Math.min(Math.round((at / data.horizon) * data.steps), run.walk.length - 1));
      return y + 5;
    });
    apart(wanted, 18, [bounds.top + 5, bounds.bottom + 3]).forEach((y, index) => place(this.labels[index], { y }));
  }

  step(index, step) {
    const { at, rest, jumps, tail, dot, narrow } = this.valleys[index];
    const { walk, unrest } = this.data.runs[index];
    const [cx, cy] = at(walk[step]);
    place(dot, { cx, cy });
    tail.forEach((each, k) => {
      const been = walk[Math.max(0, step - k - 1)];
      const [cx, cy] = at(been);
      place(each, { cx, cy });
    });
    place(jumps, { d: pathOf(walk.slice(Math.max(0, step - JUMPS), step + 1).map(at)) });
    const of = narrow ? "" : `last ${this.data.last} steps: `;
    rest.textContent = step >= this.data.steps ? `${of}${unrest}` : `step ${step}`;
  }
}
