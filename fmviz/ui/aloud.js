// For those who hear a page or go through it by keys: what Streamlit has no words for.
if (!window.fmvizAloud) {
  window.fmvizAloud = true;
  let guessed = false;
  addEventListener("click", (event) => {
    guessed ||= event.target.closest?.("[class*='-guess'] button") != null;
  }, true);
  const look = () => {
    // A region that is there before its words change is read out when they do.
    for (const region of document.querySelectorAll(".st-key-said:not([role])")) {
      region.setAttribute("role", "status");
      region.setAttribute("aria-live", "polite");
    }
    // The button that was pressed is gone, and with it the focus: on to what came in its place.
    const answer = document.querySelector(".st-key-verdict");
    if (guessed && answer && !document.querySelector("[class*='-guess'] button")) {
      guessed = false;
      answer.setAttribute("tabindex", "-1");
      answer.focus({ preventScroll: true });
    }
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  look();
}
