// One press of a key or a button makes one entry of the browser's history. Streamlit makes two of a
// change of page: one for the page, one for the parameters that the page then writes. The browser
// sees a click on a link, a new path, and a second address without another press: that one takes the
// place of the first.
if (!window.fmvizOneEntry) {
  window.fmvizOneEntry = true;
  const push = history.pushState.bind(history);
  let pressed = false;
  let turned = true;
  for (const kind of ["pointerdown", "keydown"]) {
    window.addEventListener(kind, () => { pressed = true; }, true);
  }
  window.addEventListener("popstate", () => { pressed = false; turned = true; }, true);
  history.pushState = (state, title, url) => {
    const turns = new URL(url, location.href).pathname !== location.pathname;
    if (!pressed && (turns || turned)) {
      turned = true;
      history.replaceState(state, title, url);
    } else {
      turned = turns;
      push(state, title, url);
    }
    pressed = false;
  };
}
