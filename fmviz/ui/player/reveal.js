// After a guess the curves draw themselves; then the guess and what was measured stand on the picture.

function verdictOf(body, { guess, answer, right }) {
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
  return box;
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
