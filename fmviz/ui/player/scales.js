// Scales, ticks, and small helpers for SVG and HTML.

function linear([low, high], [from, to]) {
  const slope = (to - from) / (high - low || 1);
  const scale = (value) => from + (value - low) * slope;
  scale.back = (place) => low + (place - from) / slope;
  return scale;
}

function logarithmic([low, high], range) {
  const inner = linear([Math.log10(low), Math.log10(high)], range);
  return (value) => inner(Math.log10(value));
}

const scaleOf = (axis, range) => (axis.log ? logarithmic : linear)(axis.ends, range);

function stepOf(span, count) {
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((m) => m * power).find((step) => step >= rough * 0.999);
}

// Round numbers from one end to the other, about so many.
function ticksOf(axis, count) {
  const [low, high] = axis.ends;
  if (axis.ticks) return axis.ticks;
  if (axis.log) {
    const exponents = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
    const every = Math.max(1, Math.ceil((exponents[1] - exponents[0] + 1) / count));
    const found = [];
    for (let e = exponents[0]; e <= exponents[1]; e += every) found.push(10 ** e);
    if (found.length > 1) return found;
    // Within a decade: 1, 2 and 5 times a power of ten, or round numbers as on a linear axis.
    const between = [];
    for (let e = exponents[0] - 1; e <= exponents[1] + 1; e++) {
      between.push(...[1, 2, 5].map((m) => m * 10 ** e).filter((tick) => tick >= low && tick <= high));
    }
    if (between.length > 1) return between;
  }
  const step = stepOf(high - low, count);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(k * step || 0);
  return found;
}

// The ends moved outwards to round numbers.
function niceEnds([low, high], count, most = Infinity) {
  const step = stepOf(high - low, count);
  return [Math.floor(low / step + 1e-9) * step, Math.min(most, Math.ceil(high / step - 1e-9) * step)];
}

// Whole epochs: the first, round ones, and the last where it has room.
function epochTicks(first, last, count) {
  const step = Math.max(1, stepOf(last - first, count));
  const found = first === 0 ? [] : [first];
  for (let epoch = Math.ceil(first / step) * step; epoch <= last; epoch += step) {
    if (epoch - first >= step / 2 || first === 0) found.push(epoch);
  }
  if (last - found.at(-1) >= 0.6 * step) found.push(last);
  return found;
}

const plain = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, useGrouping: false });
const percentage = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

function written(axis, value) {
  if (axis.percent) return percentage.format(value);
  const decade = Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
  if (!axis.log || !decade || (value >= 0.01 && value < 1000)) return plain.format(value).replace("-", "−");
  return "10" + [...String(Math.round(Math.log10(value)))].map((c) => SUPERSCRIPT[c]).join("");
}

const SVG = "http://www.w3.org/2000/svg";

function draw(parent, name, attributes = {}, text = null) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== null) node.textContent = text;
  parent.append(node);
  return node;
}

function make(parent, name, className = "", text = null) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== null) node.textContent = text;
  parent?.append(node);
  return node;
}

// What a picture is drawn on; what it shows is said in words elsewhere.
function svgOf(width, height) {
  const svg = document.createElementNS(SVG, "svg");
  place(svg, { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  return svg;
}

// Numbers from 0 to 255, as they come in a reel.
function bytesOf(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  // Of a million a call for each takes a tenth of a second.
  for (let k = 0; k < bytes.length; k++) bytes[k] = letters.charCodeAt(k);
  return bytes;
}

function place(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
}

// A path through the points; a hole where a value is missing.
function pathOf(points) {
  let path = "";
  let pen = false;
  for (const [x, y] of points) {
    if (y === null || Number.isNaN(y)) pen = false;
    else {
      path += `${pen ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`;
      pen = true;
    }
  }
  return path;
}

// Heights for labels, in the order of the wanted ones, each at least so far from the next and all
// between the ends.
function apart(wanted, room, [top, bottom]) {
  const order = wanted.map((y, index) => ({ y, index })).sort((a, b) => a.y - b.y);
  let least = top;
  for (const label of order) {
    label.y = Math.max(label.y, least);
    least = label.y + room;
  }
  let most = bottom;
  for (const label of order.reverse()) {
    label.y = Math.min(label.y, most);
    most = label.y - room;
  }
  const found = [];
  for (const label of order) found[label.index] = label.y;
  return found;
}

// A run's mark, as on the charts: the first a square, the second a circle, and so on.
const SHAPES = [
  (r) => `M${-r * 0.89},${-r * 0.89}h${r * 1.78}v${r * 1.78}h${-r * 1.78}Z`,
  (r) => `M${-r},0a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`,
  (r) => `M0,${-r * 1.1}L${r * 1.1},${r * 0.8}H${-r * 1.1}Z`,
  (r) => `M0,${-r * 1.25}L${r * 1.1},0L0,${r * 1.25}L${-r * 1.1},0Z`,
  (r) => `M${-r / 3},${-r}H${r / 3}V${-r / 3}H${r}V${r / 3}H${r / 3}V${r}H${-r / 3}V${r / 3}H${-r}V${-r / 3}H${-r / 3}Z`,
  (r) => `M0,${r * 1.1}L${r * 1.1},${-r * 0.8}H${-r * 1.1}Z`,
  (r) => `M${-r * 0.8},${-r * 1.1}V${r * 1.1}L${r * 1.1},0Z`,
  (r) => `M${r * 0.8},${-r * 1.1}V${r * 1.1}L${-r * 1.1},0Z`,
];
const shapeOf = (run, radius) => SHAPES[run.place % SHAPES.length](radius);
