// A ravine as a map, and those that walk down it: the way behind each is full, the way to come pale.

class Ravine {
  constructor(body, data) {
    this.data = data;
    const legend = make(body, "div", "legend");
    data.film.runs.forEach((run, index) => {
      keyOf(legend, { text: run.name, run: index, dash: null, colours: null }, data.film);
    });
    this.picture = make(body, "div", "picture");
    this.bar = new Bar(body, data.film.name, "step");
  }

  layout(width, height) {
    const { data } = this;
    const svg = svgOf(width, height);
    // One scale for both parameters: a ravine that is turned looks turned.
    const [along, across] = data.reach;
    const scale = Math.min(width / (2 * along), height / (2 * across));
    const [left, top] = [width / 2, height / 2];
    this.at = ([x, y]) => [left + scale * x, top - scale * y];
    const turned = draw(svg, "g", { transform: `translate(${left},${top}) rotate(${-data.turn})` });
    for (const level of data.levels) {
      const half = scale * Math.sqrt(2 * level);
      draw(turned, "ellipse", { rx: half, ry: half / Math.sqrt(data.curvature), class: "level" });
    }
    draw(svg, "path", { d: "M-6,0H6M0,-6V6", transform: `translate(${left},${top})`, class: "goal" });
    draw(svg, "text", { x: width - 8, y: height - 9, class: "tick axis" }, data.axes[0]);
    const up = { x: 15, y: 8, transform: "rotate(-90 15 8)", class: "tick axis" };
    draw(svg, "text", up, data.axes[1]);
    this.points = data.paths.map((path) => path.map(this.at));
    this.points.forEach((points, index) => {
      draw(svg, "path", { d: pathOf(points), class: `trail coming run-${index}` });
    });
    this.trails = this.points.map((_, index) => draw(svg, "path", { class: `trail run-${index}` }));
    this.heads = data.film.runs.map((run, index) =>
      draw(svg, "path", { d: shapeOf(run, 6.5), class: `walker run-${index}` }),
    );
    this.picture.replaceChildren(svg);
  }

  frame(film) {
    this.points?.forEach((points, index) => {
      const last = Math.min(film.at, points.length - 1);
      const step = Math.floor(last);
      const [[x, y], [toX, toY]] = [points[step], points[Math.min(step + 1, points.length - 1)]];
      const head = [x + (last - step) * (toX - x), y + (last - step) * (toY - y)];
      place(this.trails[index], { d: pathOf([...points.slice(0, step + 1), head]) });
      place(this.heads[index], { transform: `translate(${head})` });
    });
  }

  end() {
    this.bar.end();
  }
}
