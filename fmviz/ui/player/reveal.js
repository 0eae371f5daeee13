// After a guess the curves draw themselves; then the guess and what was measured stand on the picture.

// So long it stands, in seconds: the line below the headline says the same, and stays.
const SECONDS_OF_VERDICT = 10;

// It stands in the plot where it lies on nothing that is drawn, in a corner if one is free; in a crowded
// picture above the plot, in place of the legend. It goes as soon as its reader moves anything, or after
// a while; what is marked on the axes stays.
class Verdict {
  constructor(body, data) {
    const { guess, answer, right } = data.verdict;
    this.film = filmOf(data.film.name);
    this.key = `${data.film.key} ${guess}`;
    const box = make(body, "div", right ? "verdict right" : "verdict wrong");
    for (const [label, text, mark] of [
      ["Your guess", guess, right ? "✓" : "✗"],
      ...(right ? [] : [["Measured", answer, "✓"]]),
    ]) {
      const row = make(box, "div");
      make(row, "span", "mark", mark).setAttribute("aria-hidden", "true");
      make(row, "span", "what", label);
      make(row, "span", "", text);
    }
    this.box = box;
    this.placed = false;
    // What was drawn anew for another theme is not news.
    box.classList.toggle("over", this.film.judged === this.key);
  }

  unplace() {
    this.placed = false;
  }

  frame(film, lines) {
    if (film.revealing || this.film.judged === this.key) return;
    if (!film.resting) this.end();
    else if (!this.placed) this.place(lines);
  }

  place(lines) {
    const { box } = this;
    if (!box.offsetWidth) return;
    this.placed = true;
    const { picture } = lines;
    const unit = picture.offsetWidth / lines.bounds.width;
    box.classList.remove("strip");
    const free = lines.room(box.offsetWidth / unit, box.offsetHeight / unit);
    if (free) {
      box.style.left = `${picture.offsetLeft + free.x * unit}px`;
      box.style.top = `${picture.offsetTop + free.y * unit}px`;
    } else {
      box.classList.add("strip");
      box.style.left = box.style.top = "";
    }
    this.timer ??= setTimeout(() => this.end(), 1000 * SECONDS_OF_VERDICT);
  }

  end() {
    clearTimeout(this.timer);
    this.film.judged = this.key;
    this.box.classList.add("over");
  }
}

// It begins when its picture stands, and any click and any key end it.
class Reveal {
  constructor(film) {
    this.film = film;
    this.begun = false;
    this.skip = () => this.end();
    film.at = film.clock.first;
    for (const event of ["pointerdown", "keydown"]) document.addEventListener(event, this.skip, true);
    // What is said waits no longer than this for a picture that does not come.
    this.timer = setTimeout(() => this.begin(), 4000);
  }

  begin() {
    if (this.begun || this.film.reveal !== this) return;
    this.begun = true;
    this.film.play(SECONDS_OF_REVEAL);
  }

  end() {
    const { film } = this;
    clearTimeout(this.timer);
    for (const event of ["pointerdown", "keydown"]) document.removeEventListener(event, this.skip, true);
    if (film.reveal !== this) return;
    film.reveal = null;
    film.revealing = false;
    film.stop();
    film.at = film.clock.rest;
    film.tell();
  }
}
