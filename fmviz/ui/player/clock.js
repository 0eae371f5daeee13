// The films of this tab, by page: each has the epoch that all of its pictures show, and plays.

const films = new Map();

// A film of so many epochs takes this long at speed 1.
const SECONDS = 3;
const SECONDS_AN_EPOCH = 0.07;
const SECONDS_OF_REVEAL = 2;
const SPEEDS = [1, 2, 0.5];

const still = matchMedia("(prefers-reduced-motion: reduce)");

class Film {
  constructor(name) {
    this.name = name;
    this.clock = null;
    // Epochs trained, with a fraction while it plays.
    this.at = 0;
    this.playing = false;
    this.revealing = false;
    this.reveal = null;
    this.revealed = null;
    // The verdict on a guess that has been read: it does not come again.
    this.judged = null;
    // Whether it is about to play by itself, as the page opens.
    this.opening = false;
    this.speed = 1;
    this.watchers = new Set();
    this.request = 0;
  }

  // The clock of the runs that are shown now. A reader who looks at an epoch stays at it.
  load(clock) {
    if (this.clock?.key === clock.key) return;
    // What plays by itself as it comes has not been moved by the reader, and begins again.
    const rested = this.clock === null || this.resting || (this.playing && clock.opens);
    this.clock = clock;
    this.reveal?.end();
    this.stop();
    this.at = rested ? clock.rest : Math.max(clock.first, Math.min(this.epoch, clock.last));
    if (clock.reveal !== null && clock.reveal !== this.revealed) {
      this.revealed = clock.reveal;
      if (!still.matches) this.reveal = new Reveal(this);
      this.revealing = this.reveal !== null;
    }
    if (clock.opens && rested && !still.matches) {
      this.opening = true;
      this.at = clock.first;
    }
    this.tell();
  }

  get ready() {
    return this.clock !== null && [...this.watchers].some((watcher) => watcher.isReel);
  }

  get epoch() {
    return Math.floor(this.at + 1e-6);
  }

  get resting() {
    return !this.playing && this.at === this.clock.rest;
  }

  // How many epochs a run has been trained where the film is: at rest each shows what it keeps.
  epochOf(index) {
    const run = this.clock.runs[index];
    return this.resting ? run.kept : Math.min(this.epoch, run.epochs);
  }

  // Its picture stands.
  open() {
    if (!this.opening) return;
    this.opening = false;
    this.play();
  }

  seek(epoch) {
    this.stop();
    this.at = Math.max(this.clock.first, Math.min(this.clock.last, Math.round(epoch)));
    this.tell();
  }

  // To the end, or to an epoch on the way.
  play(seconds = null, until = this.clock.last) {
    const { first, last } = this.clock;
    if (this.at >= until) this.at = first;
    const usual = this.clock.seconds ?? SECONDS + SECONDS_AN_EPOCH * (last - first);
    const all = seconds ?? usual / this.speed;
    this.playing = true;
    let before = null;
    let exact = this.at;
    const step = (now) => {
      exact += before === null ? 0 : ((now - before) / 1000) * ((last - first) / all);
      before = now;
      // Whoever wants no motion sees one epoch after the other.
      this.at = Math.min(until, still.matches ? Math.floor(exact) : exact);
      if (this.at >= until) this.stop();
      else this.request = requestAnimationFrame(step);
      if (this.at >= until && this.reveal) this.reveal.end();
      else this.tell();
    };
    this.request = requestAnimationFrame(step);
    this.tell();
  }

  // A moment that the words speak of: what leads up to it, and it.
  watch(epoch) {
    const { first, last } = this.clock;
    this.seek(still.matches ? epoch : Math.max(first, epoch - Math.max(5, 0.2 * (last - first))));
    if (this.at < epoch) this.play(null, Math.min(epoch, last));
  }

  stop() {
    cancelAnimationFrame(this.request);
    this.playing = false;
    this.at = Math.floor(this.at + 1e-6);
  }

  pause() {
    this.stop();
    this.tell();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  nextSpeed() {
    this.speed = SPEEDS[(SPEEDS.indexOf(this.speed) + 1) % SPEEDS.length];
    if (this.playing) {
      this.stop();
      this.play();
    }
    this.tell();
  }

  tell() {
    for (const watcher of this.watchers) watcher.frame(this);
  }
}

function filmOf(name) {
  if (!films.has(name)) films.set(name, new Film(name));
  return films.get(name);
}
