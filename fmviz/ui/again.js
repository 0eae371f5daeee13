// A click on a link to another page is made again where it was lost. A text field speaks as it
// loses its focus, and a slider up to 0.2 s after its reader has moved it: on a slow machine after
// the click. While the server has not begun either, Streamlit folds the two into one request, for
// the page of the later: the one that was to be left.
if (!window.fmvizAgain) {
  window.fmvizAgain = true;
  const CHECKS = [1500, 4000];
  const CONTROLS = "input, textarea, [role='slider']";
  let timers = [];
  let speaks = false;
  const forget = () => {
    timers.forEach(clearTimeout);
    timers = [];
  };
  // Who goes Back has arrived, or no longer wants to.
  window.addEventListener("popstate", forget, true);
  for (const kind of ["pointerdown", "keydown"]) {
    window.addEventListener(kind, (event) => {
      if (!event.isTrusted) return;
      forget();
      // Before the focus moves.
      speaks = document.activeElement?.matches(`.stMain :is(${CONTROLS})`) ?? false;
    }, true);
  }
  window.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!event.isTrusted || !link || !speaks) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || link.target === "_blank") return;
    const { origin, pathname } = new URL(link.href, location.href);
    if (origin !== location.origin || pathname === location.pathname) return;
    timers = CHECKS.map((later) => setTimeout(() => {
      const links = [...document.querySelectorAll("a[href]")];
      const there = links.find((each) => each.pathname === pathname);
      if (location.pathname === pathname || !there) return forget();
      // A press like any other, for whoever counts the entries of the browser's history.
      there.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
      there.click();
    }, later));
  }, true);
}
