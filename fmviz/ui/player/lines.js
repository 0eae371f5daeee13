// Measures over the epochs. What lies behind the epoch is full, what is still to come is pale; the
// rule can be dragged.

// Of what is written or laid into the plot from its edge, in pixels; and from one place that is tried
// for it to the next.
const INSET = 10;
const STRIDE = 8;

const DASHES = { solid: "none", dashed: "6 4", fine: "2 3" };

class Lines {
  constructor(body, data) {
    this.data = data;
    this.film = filmOf(data.film.name);
    if (data.legend.length) {
      const legend = make(body, "div", "legend");
      for (const entry of data.legend) keyOf(legend, entry, data.film);
    }
    this.picture = make(body, "div", "picture");
    this.verdict = data.verdict ? new Verdict(body, data) : null;
  }

  layout(width, height) {
    const { data } = this;
    // Beside the ends there is room for names on a wide picture, for figures alone on a small one.
    this.named = width >= 560 && data.named !== false && data.lines.some((line) => line.name);
    // Of a run that was here before: it stands still.
    const ghosts = data.ghosts ?? [];
    const nameOf = (ghost) => (this.named ? `${ghost.name} ${ghost.label}` : ghost.label);
    const longest = Math.max(
      ...data.lines.map((line) => this.textOf(line, line.labels.length - 1).length),
      ...ghosts.map((ghost) => nameOf(ghost).length),
    );
    // Above a figure that is not of its line's end stands whose it is.
    this.unit = data.film.unit ?? "epoch";
    const room = Math.max(22 + 7.4 * Math.max(longest, 5), 18 + 6 * this.whenOf(data.horizon).length);
    const margin = { top: 12, right: room, bottom: data.x ? 40 : 10, left: 56 };
    const svg = svgOf(width, height);
    const [left, right] = [margin.left, width - (data.right ?? margin.right)];
    const [top, bottom] = [margin.top, height - margin.bottom];
    const rows = Math.max(2, Math.floor((bottom - top) / 48));
    const y = { ...data.y };
    if (!y.log && !y.ticks) y.ends = niceEnds(y.ends, rows, y.percent && y.ends[1] <= 1 ? 1 : Infinity);
    const first = Math.min(data.first, data.horizon - 1);
    this.x = linear([first - data.pad, data.horizon + data.pad], [left, right]);
    this.y = scaleOf(y, [bottom, top]);
    this.bounds = { left, right, top, bottom, width };
    for (const tick of ticksOf(y, rows)) {
      draw(svg, "path", { d: `M${left},${this.y(tick)}H${right}`, class: "grid" });
      draw(svg, "text", { x: left - 9, y: this.y(tick), class: "tick y" }, written(y, tick));
    }
    draw(svg, "path", { d: `M${left},${bottom}H${right}`, class: "base" });
    for (const tick of data.x ? epochTicks(first, data.horizon, (right - left) / 66) : []) {
      draw(svg, "text", { x: this.x(tick), y: bottom + 19, class: "tick x" }, String(tick));
    }
    if (data.x) draw(svg, "text", { x: (left + right) / 2, y: height - 3, class: "tick x title" }, data.x);
    if (y.title) {
      const at = { x: 11, y: (top + bottom) / 2 };
      draw(svg, "text", { ...at, class: "tick x title", transform: `rotate(-90 ${at.x} ${at.y})` }, y.title);
    }
    const defs = draw(svg, "defs");
    this.past = draw(draw(defs, "clipPath", { id: "past" }), "rect", { x: left - 8, y: 0, width: 0, height });
    // A curve that leaves the picture is cut at its edge, but never a line that runs along it.
    draw(draw(defs, "clipPath", { id: "inside" }), "rect", {
      x: left - 8,
      y: top - 6,
      width: right - left + 16,
      height: bottom - top + 9,
    });
    const inside = draw(svg, "g", { "clip-path": "url(#inside)" });
    for (const ghost of ghosts) {
      draw(inside, "path", { d: pathOf(this.points(ghost)), class: `ghost line ${ghost.dash}` });
    }
    const names = (data.verdict?.spans ?? []).map((span) => this.span(svg, span));
    if (data.band) this.shade(inside, ...data.band.map((index) => data.lines[index]));
    for (const line of data.lines.filter((each) => each.around)) {
      const [low, high] = line.around.map((values) => this.points({ values }));
      const both = [...low, ...high.reverse()].filter((point) => point[1] !== null);
      draw(inside, "path", { ...looksOf(line), d: `${pathOf(both)}Z`, class: classOf("band", line) });
    }
    for (const when of ["coming", "gone"]) {
      const group = draw(inside, "g", { class: when });
      if (when === "gone") place(group, { "clip-path": "url(#past)" });
      for (const line of data.lines) {
        const last = when === "gone" ? (line.until ?? Infinity) : Infinity;
        draw(group, "path", { ...looksOf(line), d: pathOf(this.points(line, last)), class: classOf("line", line) });
      }
    }
    if (data.level !== undefined && data.level !== null) {
      draw(inside, "path", { d: `M${left},${this.y(data.level)}H${right}`, class: "reference" });
    }
    if (data.upright) draw(inside, "path", { d: `M${this.x(data.upright)},${top}V${bottom}`, class: "reference" });
    data.film.runs.forEach((run, index) => this.stops(svg, run, index));
    svg.append(...names.filter((name) => name));
    this.branch(svg);
    this.rule = draw(svg, "path", { d: `M0,${top - 6}V${bottom}`, class: "rule" });
    this.handle = draw(svg, "circle", { r: 6, cy: bottom, class: "handle" });
    this.events = (data.events ?? []).map((event) => {
      const line = data.lines[event.line];
      const [x, y] = [this.x(event.epoch), this.y(line.values[event.epoch])];
      if (event.text) this.note(svg, event, line, x, y);
      return draw(svg, "circle", { ...looksOf(line), r: 3.6, transform: `translate(${x},${y})`, class: classOf("mark", line) });
    });
    this.dots = data.lines.map((line) =>
      draw(svg, "path", { ...looksOf(line), d: shapeOf(data.film.runs[line.run], data.small ? 4 : 5), class: classOf("dot", line) }),
    );
    this.labels = data.lines.map((line) =>
      draw(svg, "text", { ...looksOf(line), x: right + 14, class: classOf("end", line) }),
    );
    this.whens = data.lines.map(() => draw(svg, "text", { x: right + 14, class: "when" }));
    this.beside = ghosts.map((ghost) => ({
      y: this.y(ghost.values.at(-1)) + 5,
      label: draw(svg, "text", { x: right + 14, class: "end ghost" }, nameOf(ghost)),
    }));
    this.picture.replaceChildren(svg);
    this.grab(svg);
    this.verdict?.unplace();
  }

  whenOf(epoch) {
    return `${this.unit} ${epoch}`;
  }

  // Where a box lies on nothing that is drawn: a corner of the plot if one is free, else as far down and
  // to the right as may be; undefined where there is no such place.
  room(wide, high) {
    const { left, right, top, bottom } = this.bounds;
    const ends = { left: left + INSET, right: right - INSET - wide, top: top + INSET, bottom: bottom - INSET - high };
    if (ends.right < ends.left || ends.bottom < ends.top) return undefined;
    const corners = [ends.bottom, ends.top].flatMap((y) => [ends.right, ends.left].map((x) => ({ x, y })));
    const within = [];
    for (let y = ends.bottom; y >= ends.top; y -= STRIDE) {
      for (let x = ends.right; x >= ends.left; x -= STRIDE) within.push({ x, y });
    }
    const drawn = this.drawn();
    return [...corners, ...within].find(({ x, y }) => isFree(drawn, x, y, wide, high));
  }

  // Points on all that is drawn in the plot, a few pixels apart: on lines, and all over marks and words.
  drawn() {
    const found = this.along();
    const own = this.picture.getBoundingClientRect();
    const unit = own.width / this.bounds.width;
    for (const each of this.picture.querySelectorAll(".dot, .mark, .ring, .stopped, .note-at, .branch, .limit, text.span")) {
      const { left, top, right, bottom } = each.getBoundingClientRect();
      for (let x = left; x < right; x += 4) {
        for (let y = top; y < bottom; y += 4) found.push([(x - own.left) / unit, (y - own.top) / unit]);
      }
    }
    return found;
  }

  // Those on lines.
  along() {
    const found = [];
    for (const line of [...this.data.lines, ...(this.data.ghosts ?? [])]) {
      let before = null;
      for (const [x, y] of this.points(line)) {
        const steps = y === null || before === null ? 0 : Math.ceil(Math.hypot(x - before[0], y - before[1]) / 4);
        for (let k = 1; k <= steps; k++) {
          found.push([before[0] + ((x - before[0]) * k) / steps, before[1] + ((y - before[1]) * k) / steps]);
        }
        before = y === null ? null : [x, y];
      }
    }
    return found;
  }

  textOf(line, epoch) {
    const figure = line.labels[epoch] ?? "";
    return this.named && line.name ? `${line.name} ${figure}` : figure;
  }

  points(line, last = Infinity) {
    return line.values
      .map((v, epoch) => [this.x(epoch), v === null ? null : this.y(v), epoch])
      .slice(this.data.first)
      .filter((point) => point[2] <= last);
  }

  // The part of an axis that a guess has named, or the one that was measured; its name, which is to
  // lie on the lines.
  span(svg, { of, axis, low, high }) {
    const { left, right, top, bottom } = this.bounds;
    const [from, to] = axis === "x" ? [left, right] : [bottom, top];
    const within = (value, end) => {
      if (value === null) return end;
      const at = this[axis](value);
      return Math.max(Math.min(from, to), Math.min(Math.max(from, to), at));
    };
    const [one, other] = [within(low, from), within(high, to)].sort((a, b) => a - b);
    if (other - one < 1) return null;
    const box = axis === "x"
      ? { x: one, y: top, width: other - one, height: bottom - top }
      : { x: left, y: one, width: right - left, height: other - one };
    const kind = of === "answer" || this.data.verdict.right ? "span right" : "span";
    draw(svg, "rect", { ...box, class: kind });
    const words = of === "answer" ? "✓ measured" : `${this.data.verdict.right ? "✓" : "✗"} your guess`;
    // Beside the lines where there is room for it.
    const [wide, tall, drawn] = [7 * words.length, 16, this.along()];
    const found = { x: box.x + 8, y: box.y + 5 };
    place: for (let y = found.y; y + tall < box.y + box.height; y += STRIDE) {
      for (let x = found.x; x + wide < box.x + box.width; x += STRIDE) {
        if (!isFree(drawn, x, y, wide, tall)) continue;
        Object.assign(found, { x, y });
        break place;
      }
    }
    return draw(svg, "text", { x: found.x, y: found.y + 12, class: kind }, words);
  }

  // The area between two lines, such as the gap between training and validation.
  shade(parent, upper, lower) {
    const both = [...this.points(upper), ...this.points(lower).reverse()].filter((p) => p[1] !== null);
    const d = `${pathOf(both)}Z`;
    draw(parent, "path", { ...looksOf(upper), d, class: classOf("band", upper), "clip-path": "url(#past)" });
  }

  // What is at a place of a line: beneath it, or where there is room, at the picture's top.
  note(svg, { text, below }, line, x, y) {
    const { left, right, top, bottom } = this.bounds;
    const [side, anchor] = x < (left + right) / 2 ? [6, "start"] : [-6, "end"];
    // Nothing is written upon the axis, nor upon the handle where it rests.
    const low = below && y + 19 > bottom - 8;
    if (!below) draw(svg, "path", { ...looksOf(line), d: `M${x},${y - 8}V${top}`, class: classOf("reference", line) });
    const place = { x: below ? x : x + side, y: below ? y + 19 : top + 10, "text-anchor": anchor };
    if (low) Object.assign(place, { x: Math.max(x, this.x(this.data.film.rest)) + 12, y: bottom - 5, "text-anchor": "start" });
    draw(svg, "text", { ...looksOf(line), ...place, class: classOf("note-at", line) }, text);
  }

  // Where early stopping would have ended a run, and the weights that it hands back.
  stops(svg, run, index) {
    if (run.stop === null || !this.data.stops) return;
    const { left, right, top, bottom } = this.bounds;
    const x = this.x(run.stop);
    draw(svg, "path", { d: `M${x},${top}V${bottom}`, class: `stop run-${index}` });
    const [side, anchor] = x > (left + right) / 2 ? [-7, "end"] : [7, "start"];
    const height = bottom - 10 - 17 * (this.data.film.runs.length - 1 - index);
    const place = { x: x + side, y: height, class: `stopped run-${index}`, "text-anchor": anchor };
    draw(svg, "text", place, `stop: epoch ${run.stop}`);
    for (const line of this.data.lines.filter((each) => each.run === index)) {
      if (line.values[run.kept] === null || line.ringless) continue;
      const at = `translate(${this.x(run.kept)},${this.y(line.values[run.kept])})`;
      draw(svg, "path", { d: shapeOf(run, 9), transform: at, class: `ring run-${index}` });
    }
  }

  // Where one run goes on in two ways.
  branch(svg) {
    const epoch = this.data.film.branch ?? null;
    if (epoch === null || !this.data.stops) return;
    const { left, right, top, bottom } = this.bounds;
    const x = this.x(epoch);
    draw(svg, "path", { d: `M${x},${top}V${bottom}`, class: "reference" });
    const [side, anchor] = x > (left + right) / 2 ? [-7, "end"] : [7, "start"];
    // At the foot, above what is said of early stopping.
    const { runs } = this.data.film;
    const y = bottom - 10 - (runs.some((run) => run.stop !== null) ? 17 * runs.length : 0);
    draw(svg, "text", { x: x + side, y, class: "branch", "text-anchor": anchor }, `branch: epoch ${epoch}`);
  }

  grab(svg) {
    const seek = (event) => {
      const box = svg.getBoundingClientRect();
      this.film.seek(this.x.back(((event.clientX - box.left) / box.width) * this.bounds.width));
    };
    svg.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      svg.setPointerCapture(event.pointerId);
      seek(event);
    });
    svg.addEventListener("pointermove", (event) => {
      if (svg.hasPointerCapture(event.pointerId)) seek(event);
    });
  }

  frame(film) {
    if (!this.rule) return;
    const { data, bounds } = this;
    const at = Math.max(film.at, data.first);
    const x = this.x(at);
    // At rest all that was trained is full, not only up to the weights that are kept.
    place(this.past, { width: (film.resting ? bounds.right : x) - bounds.left + 8 });
    place(this.rule, { transform: `translate(${x})` });
    place(this.handle, { cx: x });
    data.events?.forEach((event, index) => this.events[index].classList.toggle("later", event.epoch > film.at));
    const whens = [];
    const wanted = data.lines.map((line, index) => {
      const run = data.film.runs[line.run];
      const own = film.resting ? run.kept : Math.min(at, run.epochs);
      const [before, after] = [Math.floor(own), Math.ceil(own)].map((epoch) => line.values[epoch] ?? null);
      const there = before !== null && after !== null;
      this.dots[index].classList.toggle("later", !there);
      const epoch = film.epochOf(line.run);
      this.labels[index].textContent = there ? this.textOf(line, epoch) : "";
      whens.push(there ? { index, epoch, off: epoch < lastOf(line) } : null);
      if (!there) return bounds.bottom;
      const y = this.y(before) + (this.y(after) - this.y(before)) * (own - Math.floor(own));
      place(this.dots[index], { transform: `translate(${this.x(own)},${y})` });
      return y + 5;
    });
    const labels = [...this.labels, ...this.beside.map((ghost) => ghost.label)];
    wanted.push(...this.beside.map((ghost) => ghost.y));
    const shown = whens.filter((when) => when);
    const off = shown.some((when) => when.off);
    const alike = new Set(shown.map((when) => when.epoch)).size < 2;
    const ends = [bounds.top + (off ? 19 : 5), bounds.bottom + 3];
    const found = apart(wanted, off && !alike ? 32 : 18, ends);
    found.forEach((y, index) => place(labels[index], { y }));
    this.tellWhen(off ? shown : [], found);
    this.verdict?.frame(film, this);
  }

  // Of which epoch the figures are, above the first of those that stand together, where that is not
  // the one at which their lines end.
  tellWhen(shown, places) {
    for (const text of this.whens) text.textContent = "";
    let before = null;
    for (const { index, epoch } of [...shown].sort((a, b) => places[a.index] - places[b.index])) {
      const y = places[index];
      if (before === null || before.epoch !== epoch || y - before.y >= 34) {
        this.whens[index].textContent = this.whenOf(epoch);
        place(this.whens[index], { y: y - 15 });
      }
      before = { epoch, y };
    }
  }
}

// Whether no point lies in a box, or within the width of a line about it.
function isFree(points, x, y, wide, high) {
  return !points.some(([px, py]) => px > x - 3 && px < x + wide + 3 && py > y - 3 && py < y + high + 3);
}

// The last epoch at which a line is drawn.
function lastOf(line) {
  return line.values.findLastIndex((value) => value !== null);
}

const classOf = (kind, line) => `${kind} ${line.dash}${line.colours ? "" : ` run-${line.run}`}`;

// A line that is not in its run's colour brings its own, on light ground and on dark.
function looksOf(line) {
  return line.colours ? { style: `--run: light-dark(${line.colours.join(",")})` } : {};
}

function keyOf(legend, { text, run, dash, colours }, film) {
  const key = make(legend, "span", run === null ? "key" : `key run-${run}`);
  if (colours) key.style.setProperty("--run", `light-dark(${colours.join(",")})`);
  const mark = draw(key, "svg", { width: 26, height: 12, viewBox: "-13 -6 26 12", "aria-hidden": "true" });
  draw(mark, "path", { d: "M-13,0H13", class: `line ${dash ?? "solid"}` });
  if (run !== null && dash === null) draw(mark, "path", { d: shapeOf(film.runs[run], 4.5), class: "mark" });
  key.append(text);
}
