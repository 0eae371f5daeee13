// Paper to draw on with a mouse, a pen or a finger. Strokes go to the server as each ends.

const UNITS = 1000;
// On a screen of double resolution; the network sees 28 × 28.
const EDGE = 672;
// In units: one, two and four of the network's pixels, and one to fill with in strokes.
const WIDTHS = { Fine: 36, Medium: 72, Broad: 143 };
const SHADES = { Dark: 30, Middle: 120, Light: 205, Rubber: 255 };
// As the server has them: numbers of a stroke, strokes of a drawing.
const LONGEST = 4000;
const MOST = 200;

function add(parent, kind, className, text) {
  const node = parent.ownerDocument.createElement(kind);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

class Paper {
  constructor(root) {
    this.strokes = [];
    this.pen = { width: WIDTHS.Medium, shade: SHADES.Dark, filled: false };
    this.node = add(root, "div", "paper");
    this.canvas = add(this.node, "canvas");
    this.canvas.width = this.canvas.height = EDGE;
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute(
      "aria-label",
      "Paper to draw a garment on, with a mouse, a pen or a finger. Without those, upload a picture.",
    );
    this.ink = this.canvas.getContext("2d");
    this.tools();
    this.said = add(this.node, "span", "said");
    this.said.setAttribute("role", "status");
    this.canvas.onpointerdown = (event) => this.begin(event);
    this.canvas.onpointermove = (event) => this.go(event);
    this.canvas.onpointerup = (event) => this.end(event);
    this.canvas.onpointercancel = () => this.drop();
    this.canvas.onkeydown = (event) => {
      if (event.key === "Escape") this.drop();
      if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.undo();
      }
    };
  }

  tools() {
    const bar = add(this.node, "div", "tools");
    this.choice(bar, "Pen", WIDTHS, "width", (button, width) => {
      add(button, "i", "dot").style.setProperty("--size", width / WIDTHS.Broad);
    });
    this.choice(bar, "Ink", SHADES, "shade", (button, shade) => {
      add(button, "i", shade === SHADES.Rubber ? "ink rubber" : "ink").style.setProperty("--grey", `rgb(${shade} ${shade} ${shade})`);
    });
    const acts = add(this.node, "div", "tools");
    this.filler = this.button(acts, "Fill", "Fill what a stroke goes around", () => {
      this.pen.filled = !this.pen.filled;
      this.filler.setAttribute("aria-pressed", this.pen.filled);
    });
    this.filler.setAttribute("aria-pressed", false);
    this.undoer = this.button(acts, "Undo", "Take the last stroke away (Ctrl Z on the paper)", () => this.undo());
    this.clearer = this.button(acts, "Clear", "Take all strokes away", () => this.put([], "The paper is empty."));
  }

  choice(bar, name, values, field, picture) {
    const group = add(bar, "div", "choice");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", name);
    const buttons = Object.entries(values).map(([label, value]) => {
      const button = this.button(group, "", label, () => {
        this.pen[field] = value;
        mark();
      });
      button.setAttribute("aria-label", `${name}: ${label.toLowerCase()}`);
      picture(button, value);
      return [button, value];
    });
    const mark = () => {
      for (const [button, value] of buttons) button.setAttribute("aria-pressed", this.pen[field] === value);
    };
    mark();
  }

  button(parent, text, title, act) {
    const button = add(parent, "button", "", text);
    button.type = "button";
    button.title = title;
    button.onclick = act;
    return button;
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const share = (at, from, size) => Math.round(Math.min(1.1, Math.max(-0.1, (at - from) / size)) * UNITS);
    return [share(event.clientX, box.left, box.width), share(event.clientY, box.top, box.height)];
  }

  begin(event) {
    // A second finger is no second pen, and what a mouse does with its other buttons is no stroke.
    if (this.locked || this.stroke || event.button || this.strokes.length >= MOST) return;
    this.canvas.focus({ preventScroll: true });
    event.preventDefault();
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.stroke = { ...this.pen, points: this.place(event) };
    this.draw();
  }

  go(event) {
    if (!this.stroke || event.pointerId !== this.pointer) return;
    const { points } = this.stroke;
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const each of passed.length ? passed : [event]) {
      const [x, y] = this.place(each);
      const near = Math.hypot(x - points.at(-2), y - points.at(-1)) < 4;
      if (!near && points.length < LONGEST) points.push(x, y);
    }
    this.draw();
  }

  end(event) {
    if (!this.stroke || event.pointerId !== this.pointer) return;
    this.go(event);
    const drawn = this.stroke;
    this.stroke = undefined;
    this.put([...this.strokes, drawn], "");
  }

  drop() {
    this.stroke = undefined;
    this.draw();
  }

  undo() {
    if (!this.strokes.length) return;
    const left = this.strokes.slice(0, -1);
    this.put(left, `${left.length} strokes are left.`);
  }

  // What the reader has made of it.
  put(strokes, said) {
    if (this.locked) return;
    this.strokes = strokes;
    this.token = "yours";
    this.said.textContent = said;
    this.draw();
    this.send("strokes", strokes);
  }

  // What the server has on the paper. Its own strokes the paper knows already, and maybe more.
  show({ token, strokes, locked }, send) {
    this.send = send;
    this.locked = locked;
    if (token !== this.token) {
      this.token = token;
      this.strokes = strokes;
      this.stroke = undefined;
    }
    this.node.toggleAttribute("data-locked", locked);
    this.draw();
  }

  draw() {
    this.undoer.disabled = this.clearer.disabled = this.locked || !this.strokes.length;
    this.ink.fillStyle = "white";
    this.ink.fillRect(0, 0, EDGE, EDGE);
    for (const stroke of this.strokes) this.line(stroke);
    if (this.stroke) this.line(this.stroke);
  }

  line({ points, width, shade, filled }) {
    const { ink } = this;
    const size = EDGE / UNITS;
    ink.lineCap = ink.lineJoin = "round";
    ink.lineWidth = width * size;
    ink.strokeStyle = ink.fillStyle = `rgb(${shade} ${shade} ${shade})`;
    ink.beginPath();
    ink.moveTo(points[0] * size, points[1] * size);
    for (let at = 2; at < points.length; at += 2) ink.lineTo(points[at] * size, points[at + 1] * size);
    // A touch without a way is a dot.
    if (points.length === 2) ink.lineTo(points[0] * size, points[1] * size);
    if (filled && points.length > 4) {
      ink.closePath();
      ink.fill();
    }
    ink.stroke();
  }
}

const papers = new WeakMap();

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  if (!papers.has(parentElement)) papers.set(parentElement, new Paper(parentElement));
  papers.get(parentElement).show(data, setStateValue);
}
