// For those who hear a page or go through it by keys: what Streamlit has no words for.
if (!window.fmvizAloud) {
  window.fmvizAloud = true;
  let asked = null;
  const verdict = () => document.querySelector(".st-key-verdict");
  addEventListener("click", (event) => {
    if (event.target.closest?.("[class*='-guess'] button")) asked = verdict()?.textContent ?? "";
  }, true);
  const look = () => {
    // A region that is there before its words change is read out when they do.
    for (const region of document.querySelectorAll(".st-key-said:not([role])")) {
      region.setAttribute("role", "status");
      region.setAttribute("aria-live", "polite");
    }
    // The button that was pressed is gone, and with it the focus: on to what comes in place of what
    // was asked.
    const answer = asked === null ? null : verdict();
    if (answer && answer.textContent !== asked && !document.querySelector("[class*='-guess'] button")) {
      asked = null;
      answer.setAttribute("tabindex", "-1");
      answer.focus({ preventScroll: true });
    }
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
  look();
}
