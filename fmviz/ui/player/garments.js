// Images with what a run says of them after each epoch: framed as right, as told, or otherwise wrong.

class Garments {
  constructor(body, data) {
    this.data = data;
    const colour = (name) => `light-dark(${data[name].join(",")})`;
    body.style.setProperty("--right", colour("right"));
    body.style.setProperty("--wrong", colour("wrong"));
    const all = make(body, "div");
    this.rows = data.rows.map((row) => {
      const title = make(all, "div", "row-title");
      const grid = make(all, "div", "garments");
      grid.classList.toggle("flow", data.columns === null);
      grid.style.setProperty("--columns", data.columns);
      return { title, tiles: row.tiles.map((tile) => this.tile(grid, tile)) };
    });
    if (data.columns === null) this.flow(all, body.getRootNode().host.closest('[class*="st-key-film-"]'));
  }

  // Where as many stand side by side as there is room for, they take the height that they need.
  flow(all, place) {
    const take = (height) => {
      place.style.minHeight = place.style.maxHeight = height;
    };
    const sizes = new ResizeObserver(() => take(`${all.offsetHeight}px`));
    sizes.observe(all);
    this.end = () => {
      sizes.disconnect();
      take("");
    };
  }

  tile(grid, { grey, truth, told, note }) {
    const { names, shape } = this.data;
    const figure = make(grid, "figure");
    const canvas = make(figure, "canvas");
    [canvas.height, canvas.width] = shape;
    canvas.setAttribute("role", "img");
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    bytesOf(grey).forEach((shade, k) => image.data.set([shade, shade, shade, 255], 4 * k));
    context.putImageData(image, 0, 0);
    const caption = make(figure, "figcaption");
    if (told !== null && told !== truth) make(caption, "div", "", `told ${names[told]}`);
    const says = make(caption, "div", "says");
    make(caption, "div", "", `is ${names[truth]}`);
    if (note) make(caption, "div", "", note);
    return { figure, canvas, caption, says };
  }

  frame(film) {
    const { names } = this.data;
    const epoch = film.epochOf(this.data.run);
    this.data.rows.forEach((row, index) => {
      const { title, tiles } = this.rows[index];
      title.textContent = row.titles[epoch];
      row.tiles.forEach(({ truth, told, answers }, place) => {
        const { figure, canvas, caption, says } = tiles[place];
        const answer = answers[epoch];
        figure.className = answer === truth ? "right" : told === null || answer === told ? "wrong" : "astray";
        says.textContent = `says ${names[answer]} ${answer === truth ? "✓" : "✗"}`;
        canvas.setAttribute("aria-label", [...caption.children].map((line) => line.textContent).join(", "));
      });
    });
  }
}
