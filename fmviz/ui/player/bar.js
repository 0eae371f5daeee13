// The controls: play or pause, the epoch, the speed; of a picture that has a clock of its own, the step.

const PLAY = "M7,4.5v15l13,-7.5z";
const PAUSE = "M6,4.5h4.2v15H6zM13.8,4.5H18v15h-4.2z";

class Bar {
  // Where a run can branch, `branch` is told the epoch at which the film is.
  constructor(root, name, unit = "epoch", branch = null) {
    const film = filmOf(name);
    this.name = name;
    this.unit = unit;
    this.frameNode = make(root, "div", "bar");
    this.frameNode.setAttribute("role", "group");
    this.frameNode.setAttribute("aria-label", `Play the ${unit}s`);
    this.button = make(this.frameNode, "button", "play");
    this.button.type = "button";
    this.icon = draw(draw(this.button, "svg", { viewBox: "0 0 24 24", width: 22, height: 22, "aria-hidden": "true" }), "path");
    const track = make(this.frameNode, "div", "track");
    this.marks = make(track, "div", "stops");
    this.slider = make(track, "input");
    this.slider.type = "range";
    this.slider.step = 1;
    this.slider.setAttribute("aria-label", unit === "epoch" ? "Epoch" : "Step");
    this.output = make(this.frameNode, "span", "epoch");
    this.output.setAttribute("aria-hidden", "true");
    this.speed = make(this.frameNode, "button", "speed");
    this.speed.type = "button";
    if (branch) {
      this.fork = make(this.frameNode, "button", "speed fork");
      this.fork.type = "button";
      this.fork.textContent = "Branch here";
      this.fork.onclick = () => branch(film.epoch);
    }
    this.said = make(this.frameNode, "span", "said");
    this.said.setAttribute("role", "status");
    this.was = false;
    this.button.onclick = () => film.toggle();
    this.speed.onclick = () => film.nextSpeed();
    this.slider.oninput = () => film.seek(Number(this.slider.value));
    this.slider.onkeydown = (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      film.toggle();
    };
    // Epochs that the page's words name are links to them.
    this.follow = (event) => {
      const link = event.target.closest?.('a[href^="#epoch-"]');
      if (!link || !film.ready) return;
      event.preventDefault();
      event.stopPropagation();
      this.frameNode.scrollIntoView({ block: "nearest" });
      film.watch(Number(link.getAttribute("href").slice("#epoch-".length)));
      // Without motion no stop tells of it.
      if (!film.playing) this.said.textContent = `At ${this.slider.getAttribute("aria-valuetext")}`;
    };
    if (unit === "epoch") document.addEventListener("click", this.follow, true);
    film.watchers.add(this);
    this.frame(film);
  }

  frame(film) {
    const { clock } = film;
    const ready = film.ready;
    this.frameNode.classList.toggle("idle", !ready);
    for (const control of [this.button, this.slider, this.speed]) control.disabled = !ready;
    // A run goes on after its first epoch, and before its last.
    if (this.fork) this.fork.disabled = !ready || film.epoch < 1 || film.epoch >= clock.last;
    if (!ready) return;
    // What stands below a picture in words is of the weights that are kept.
    if (this.unit === "epoch") {
      document.documentElement.toggleAttribute("data-fmviz-moved", !film.resting && !film.revealing);
    }
    const text = `${this.unit} ${film.epoch} of ${clock.last}`;
    if (this.slider.min !== String(clock.first)) this.slider.min = clock.first;
    if (this.slider.max !== String(clock.last)) this.slider.max = clock.last;
    // Between two epochs the thumb goes along with the pictures.
    this.slider.step = film.playing ? "any" : 1;
    this.slider.value = film.playing ? film.at : film.epoch;
    this.slider.setAttribute("aria-valuetext", text);
    const share = (film.at - clock.first) / (clock.last - clock.first);
    this.slider.style.setProperty("--share", share);
    if (this.output.textContent !== text) this.output.textContent = text;
    const label = `${film.playing ? "Pause" : "Play"}${this.unit === "epoch" ? "" : ` the ${this.unit}s`}`;
    if (this.button.getAttribute("aria-label") !== label) {
      this.button.setAttribute("aria-label", label);
      this.button.title = this.unit === "epoch" ? `${label} the epochs` : label;
      this.icon.setAttribute("d", film.playing ? PAUSE : PLAY);
    }
    const speed = `${film.speed === 0.5 ? "½" : film.speed}×`;
    if (this.speed.textContent !== speed) {
      this.speed.textContent = speed;
      this.speed.setAttribute("aria-label", `Speed ${speed}`);
    }
    // Whoever listens hears where it stopped, not each epoch on the way.
    if (this.was && !film.playing) this.said.textContent = `Stopped at ${text}`;
    if (!this.was && film.playing) this.said.textContent = "";
    this.was = film.playing;
  }

  end() {
    document.removeEventListener("click", this.follow, true);
    if (this.unit === "epoch") document.documentElement.removeAttribute("data-fmviz-moved");
    filmOf(this.name).watchers.delete(this);
    this.frameNode.remove();
  }
}
