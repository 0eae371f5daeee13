// First-layer weights as pictures, a grid a run, at the nearest epoch of which they are kept.

class Kernels {
  constructor(body, data) {
    this.data = data;
    this.row = make(body, "div", "pictures");
    this.grids = data.pictures.map((picture) => {
      const figure = make(this.row, "figure", `run-${picture.run}`);
      const canvas = make(figure, "canvas");
      const caption = make(figure, "figcaption");
      const raw = atob(picture.pixels);
      const weights = new Int8Array(raw.length);
      for (let k = 0; k < raw.length; k++) weights[k] = raw.charCodeAt(k);
      const columns = Math.min(data.columns ?? 8, picture.units);
      const [tall, wide] = data.shape;
      canvas.width = columns * (wide + 1) - 1;
      canvas.height = Math.ceil(picture.units / columns) * (tall + 1) - 1;
      return { canvas, caption, weights, columns, context: canvas.getContext("2d"), shown: null };
    });
  }

  paint(dark) {
    const scale = this.data.scale[Number(dark)].map((colour) => rgbOf(colour));
    this.colours = new Uint32Array(256);
    for (let byte = -128; byte < 128; byte++) {
      const share = Math.min(1, Math.abs(byte) / 127);
      const end = byte < 0 ? scale[0] : scale[2];
      const [red, green, blue] = scale[1].map((from, k) => Math.round(from + share * (end[k] - from)));
      this.colours[byte & 255] = 0xff000000 | (blue << 16) | (green << 8) | red;
    }
    const [red, green, blue] = rgbOf(this.data.line[Number(dark)]);
    this.between = 0xff000000 | (blue << 16) | (green << 8) | red;
    for (const grid of this.grids) grid.shown = null;
  }

  layout() {}

  frame(film) {
    this.data.pictures.forEach((picture, index) => {
      const grid = this.grids[index];
      const wanted = film.epochOf(picture.run);
      // Of two that are as near, the one that has been.
      const nearest = picture.epochs.reduce((best, epoch) =>
        Math.abs(epoch - wanted) < Math.abs(best - wanted) ? epoch : best,
      );
      if (grid.shown !== nearest) this.show(grid, picture, nearest);
      const name = picture.name;
      const note = nearest === wanted ? "" : " (the nearest kept)";
      grid.caption.textContent = `${name}, after epoch ${nearest}${note}`;
      grid.canvas.setAttribute("role", "img");
      grid.canvas.setAttribute("aria-label", grid.caption.textContent);
    });
  }

  show(grid, picture, epoch) {
    const { canvas, weights, columns, context } = grid;
    const [tall, wide] = this.data.shape;
    const image = context.createImageData(canvas.width, canvas.height);
    const pixels = new Uint32Array(image.data.buffer);
    pixels.fill(this.between);
    let next = picture.epochs.indexOf(epoch) * picture.units * tall * wide;
    for (let unit = 0; unit < picture.units; unit++) {
      const top = Math.floor(unit / columns) * (tall + 1);
      const left = (unit % columns) * (wide + 1);
      for (let row = 0; row < tall; row++) {
        const start = (top + row) * canvas.width + left;
        for (let column = 0; column < wide; column++) {
          pixels[start + column] = this.colours[weights[next++] & 255];
        }
      }
    }
    context.putImageData(image, 0, 0);
    grid.shown = epoch;
  }
}

function rgbOf(colour) {
  const value = parseInt(colour.slice(1, 7), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
