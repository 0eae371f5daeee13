// One image on its way through a network: its pixels, the units of the last hidden layer, ten answers.
// Between two epochs lengths and shades pass over; figures and words are those of a whole epoch.

// Below this width the answers stand under the rest.
const BESIDE = 600;
// Votes that are weaker are not drawn, of 255.
const FAINT = 26;
const SHADES = 64;

class Network {
  constructor(body, data) {
    this.data = data;
    const told = make(body, "div", "told");
    this.mark = make(told, "span", "mark");
    this.mark.setAttribute("aria-hidden", "true");
    this.lead = make(told, "strong");
    this.note = make(told, "span", "note");
    this.picture = make(body, "div", "picture");
    this.picture.setAttribute("role", "img");
    this.picture.setAttribute("aria-label", data.alt);
    this.canvas = make(this.picture, "canvas");
    this.context = this.canvas.getContext("2d");
    this.activations = bytesOf(data.activations);
    this.votes = bytesOf(data.votes);
    this.garment = this.printed(bytesOf(data.pixels));
  }

  printed(grey) {
    const [tall, wide] = this.data.shape;
    const print = make(null, "canvas");
    [print.width, print.height] = [wide, tall];
    const context = print.getContext("2d");
    const image = context.createImageData(wide, tall);
    grey.forEach((value, k) => image.data.set([value, value, value, 255], 4 * k));
    context.putImageData(image, 0, 0);
    return print;
  }

  paint(dark) {
    const { data } = this;
    const [from, to] = data.ramp[Number(dark)].map(rgbOf);
    this.shades = Array.from({ length: SHADES }, (_, k) => {
      const mixed = from.map((low, c) => Math.round(low + (k / (SHADES - 1)) * (to[c] - low)));
      return `rgb(${mixed})`;
    });
    this.own = data.film.runs[0].colours[Number(dark)];
  }

  layout(width, height) {
    const { data } = this;
    const beside = width >= BESIDE;
    const svg = svgOf(width, height);
    const top = 26;
    const columns = beside ? 8 : 16;
    const rows = data.units / columns;
    const room = height - top - 4;
    const side = beside ? Math.min(room, 0.23 * width, 320) : 0.4 * width;
    const cell = beside ? Math.min(room / rows, 24) : (width - side - 28) / columns;
    const grid = { width: columns * cell, height: rows * cell };
    const names = 78;
    const bars = beside ? 0.27 * width : width - names - 58;
    const free = width - side - grid.width - names - bars - 60;
    const middle = top + (beside ? room : side) / 2;
    this.print = { x: 0, y: middle - side / 2, side };
    grid.x = beside ? side + 0.42 * free : width - grid.width;
    grid.y = middle - grid.height / 2;
    this.cell = cell;
    // Lines end at the grid's sides, side by side for the units of a row.
    this.places = Array.from({ length: data.units }, (_, unit) => {
      const [row, column] = [Math.floor(unit / columns), unit % columns];
      const y = grid.y + row * cell;
      const wire = y + (0.15 + (0.7 * (column + 0.5)) / columns) * cell;
      return { x: grid.x + column * cell, y, from: [grid.x, wire], to: [grid.x + grid.width, wire] };
    });
    const [heading, unit] = [beside ? 14 : 18, beside ? grid.x + grid.width / 2 : grid.x];
    const anchor = beside ? "middle" : "start";
    draw(svg, "text", { x: side / 2, y: heading, class: "tick x" }, data.headings[0]);
    draw(svg, "text", { x: unit, y: heading, class: "tick", "text-anchor": anchor }, data.headings[1]);
    const answers = beside ? top : top + side + 14;
    const lane = (height - answers - 4) / data.names.length;
    const left = (beside ? width - bars - 60 : names) + 8;
    this.length = bars - 8;
    if (beside) draw(svg, "text", { x: left, y: heading, class: "tick" }, data.headings[2]);
    this.lanes = data.names.map((name, label) => {
      const y = answers + (label + 0.5) * lane;
      const own = label === data.truth;
      const group = draw(svg, "g", { class: own ? "answer own run-0" : "answer" });
      draw(group, "text", { x: left - 10, y, class: "tick y" }, name);
      draw(group, "path", { d: `M${left},${y - lane * 0.3}v${lane * 0.6}`, class: "base" });
      const fill = draw(group, "rect", { x: left, y: y - lane * 0.3, height: lane * 0.6, rx: 2, class: "fill" });
      const figure = draw(group, "text", { y, class: "beside" });
      return { group, fill, figure, left, y, end: [left - names - 12, y] };
    });
    this.wired = beside;
    this.picture.replaceChildren(this.canvas, svg);
    const dots = (this.picture.clientWidth / width) * devicePixelRatio;
    [this.canvas.width, this.canvas.height] = [width * dots, height * dots];
    this.dots = dots;
  }

  frame(film) {
    if (!this.lanes || !this.shades) return;
    const { data } = this;
    const at = film.resting ? data.film.runs[0].kept : film.at;
    const epoch = Math.floor(at + 1e-6);
    const next = Math.min(epoch + 1, data.shares.length - 1);
    const part = Math.max(0, at - epoch);
    const between = (rows, count, k) => rows[epoch * count + k] * (1 - part) + rows[next * count + k] * part;
    const shares = data.shares[epoch].map((share, k) => share * (1 - part) + data.shares[next][k] * part);
    const first = data.shares[epoch].indexOf(Math.max(...data.shares[epoch]));
    shares.forEach((share, label) => {
      const { group, fill, figure, left } = this.lanes[label];
      place(fill, { width: share * this.length });
      place(figure, { x: left + share * this.length + 6 });
      figure.textContent = data.labels[epoch][label];
      group.classList.toggle("first", label === first);
    });
    const told = data.told[epoch];
    this.lead.textContent = told.lead;
    this.note.textContent = told.note;
    this.mark.textContent = first === data.truth ? "✓" : "✗";
    this.mark.classList.toggle("right", first === data.truth);
    this.wires(
      Array.from({ length: data.units }, (_, unit) => between(this.activations, data.units, unit)),
      (unit, label) => between(this.votes, data.units * data.names.length, unit * data.names.length + label),
    );
  }

  // Pixels, units, and between them what passes: paler where it is less.
  wires(activations, voteOf) {
    const { context, cell, print, data } = this;
    context.setTransform(this.dots, 0, 0, this.dots, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const curve = (x, y, [endX, endY], bend) => {
      context.beginPath();
      context.moveTo(x, y);
      context.bezierCurveTo(x + (endX - x) * bend, y, endX - (endX - x) * bend, endY, endX, endY);
      context.stroke();
    };
    context.strokeStyle = "#808A94";
    context.lineWidth = 1;
    this.places.forEach(({ from }, unit) => {
      if (activations[unit] < 4) return;
      context.globalAlpha = 0.7 * (activations[unit] / 255);
      curve(print.x + print.side, print.y + ((unit + 0.5) / data.units) * print.side, from, 0.5);
    });
    // Those to the true class lie upon the others.
    const order = this.wired ? this.lanes.map((_, label) => label).sort((a, b) => (a === data.truth) - (b === data.truth)) : [];
    for (const label of order) {
      const own = label === data.truth;
      context.strokeStyle = own ? this.own : "#808A94";
      this.places.forEach(({ to }, unit) => {
        const vote = voteOf(unit, label);
        if (vote < FAINT) return;
        context.globalAlpha = Math.min(0.9, (own ? 0.25 : 0.08) + (own ? 0.9 : 0.5) * (vote / 255));
        context.lineWidth = 0.6 + 2.8 * (vote / 255);
        curve(...to, this.lanes[label].end, 0.45);
      });
    }
    context.globalAlpha = 1;
    this.places.forEach(({ x, y }, unit) => {
      context.fillStyle = this.shades[Math.round((activations[unit] / 255) * (SHADES - 1))];
      context.fillRect(x + 1, y + 1, cell - 2, cell - 2);
    });
    context.imageSmoothingEnabled = false;
    context.drawImage(this.garment, print.x, print.y, print.side, print.side);
  }
}
