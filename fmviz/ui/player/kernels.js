// First-layer weights as pictures, a grid a run.

// Shades on either side of zero.
const LEVELS = 127;

class Kernels {
  constructor(body, data) {
    this.data = data;
    this.row = make(body, "div", "pictures");
    this.grids = data.pictures.map((picture) => {
      const figure = make(this.row, "figure", `run-${picture.run}`);
      const canvas = make(figure, "canvas");
      const caption = make(figure, "figcaption");
      const columns = Math.min(data.columns ?? 8, picture.units);
      const [tall, wide] = data.shape;
      canvas.width = columns * (wide + 1) - 1;
      canvas.height = Math.ceil(picture.units / columns) * (tall + 1) - 1;
      const grid = { canvas, caption, columns, context: canvas.getContext("2d"), weights: null, shown: null };
      // Browsers unpack in their own time.
      weightsOf(picture, tall * wide).then((weights) => {
        grid.weights = weights;
        if (this.film?.clock.key === data.film.key) this.frame(this.film);
      });
      return grid;
    });
  }

  paint(dark) {
    const [low, middle, high] = this.data.scale[Number(dark)].map((colour) => rgbOf(colour));
    // From full blue to full orange.
    this.colours = Uint32Array.from({ length: 2 * LEVELS + 1 }, (_, level) => {
      const share = Math.abs(level - LEVELS) / LEVELS;
      const end = level < LEVELS ? low : high;
      const [red, green, blue] = middle.map((from, k) => Math.round(from + share * (end[k] - from)));
      return 0xff000000 | (blue << 16) | (green << 8) | red;
    });
    const [red, green, blue] = rgbOf(this.data.line[Number(dark)]);
    this.between = 0xff000000 | (blue << 16) | (green << 8) | red;
    for (const grid of this.grids) grid.shown = null;
  }

  layout() {}

  frame(film) {
    this.film = film;
    this.data.pictures.forEach((picture, index) => {
      const grid = this.grids[index];
      const epoch = film.epochOf(picture.run);
      if (grid.weights && grid.shown !== epoch) this.show(grid, picture, epoch);
      grid.caption.textContent = `${picture.name}, after epoch ${epoch}`;
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
    // The colour of every byte, on the epoch's own scale.
    const full = picture.scales[epoch] / 127 / (this.data.limit || 1);
    const colours = Uint32Array.from({ length: 256 }, (_, byte) => {
      const share = Math.max(-1, Math.min(1, (byte < 128 ? byte : byte - 256) * full));
      return this.colours[LEVELS + Math.round(share * LEVELS)];
    });
    let next = epoch * picture.units * tall * wide;
    for (let unit = 0; unit < picture.units; unit++) {
      const top = Math.floor(unit / columns) * (tall + 1);
      const left = (unit % columns) * (wide + 1);
      for (let row = 0; row < tall; row++) {
        const start = (top + row) * canvas.width + left;
        for (let column = 0; column < wide; column++) {
          pixels[start + column] = colours[weights[next++]];
        }
      }
    }
    context.putImageData(image, 0, 0);
    grid.shown = epoch;
  }
}

// A byte a weight, epoch after epoch, from how each differs from the one before.
async function weightsOf({ pixels, units }, size) {
  const packed = new Blob([bytesOf(pixels)]).stream();
  const unpacked = packed.pipeThrough(new DecompressionStream("deflate"));
  const weights = new Uint8Array(await new Response(unpacked).arrayBuffer());
  for (let k = units * size; k < weights.length; k++) weights[k] += weights[k - units * size];
  return weights;
}

function rgbOf(colour) {
  const value = parseInt(colour.slice(1, 7), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
