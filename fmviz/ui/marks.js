// What the page's style asks of what lies within others is noted here, before it is painted. Style
// itself could ask with `:has`, and did: wherever an element came, the browser then worked out the
// style of all elements anew.
if (!window.fmvizMarks) {
  window.fmvizMarks = true;
  const TABLE = '[data-testid="stDataFrame"]';
  // Which elements are marked, with what, where they have what in them.
  const MARKS = [
    // Runs that begin again.
    [":root", "data-fmviz-waits", '.st-key-status-row [aria-label="hourglass_top icon"]'],
    // Curves that draw themselves after a guess.
    [":root", "data-fmviz-reveals", '[class*="st-key-reveal-"] [data-testid="stBidiComponentIsolated"]:not([data-fmviz-revealed])'],
    // A film whose chart shows its data, and a chart in one that does, or is on all of the screen.
    ["[data-fmviz-film]", "data-fmviz-tabled", TABLE],
    ['[data-fmviz-film] [data-testid="stFullScreenFrame"]', "data-fmviz-opened", `${TABLE}, [aria-label^="Close fullscreen"]`],
  ];
  let due = false;
  const look = () => {
    due = false;
    for (const [marked, mark, inner] of MARKS) {
      for (const node of document.querySelectorAll(marked)) {
        node.toggleAttribute(mark, node.querySelector(inner) !== null);
      }
    }
  };
  new MutationObserver(() => {
    if (!due) requestAnimationFrame(look);
    due = true;
  }).observe(document.body, {
    childList: true,
    characterData: true,
    subtree: true,
    attributeFilter: ["aria-label", "data-fmviz-film", "data-fmviz-revealed"],
  });
  look();
}
