// A picture of a film. The scripts that draw it come once a page, with the controls.
const shared = (globalThis.fmvizPlayer ??= {});

// What lies around a reel has names for its style. That could ask with `:has` instead, and did: of
// the time that a browser took for a page, a third went into the answers.
function nameAround(host) {
  const place = host.closest('[class*="st-key-film-"]');
  if (!place) return;
  let over = host;
  while (over.parentElement !== place) over = over.parentElement;
  over.setAttribute("data-fmviz-over", "");
  place.parentElement.setAttribute("data-fmviz-around", "");
  if (!place.hasAttribute("data-fmviz-film")) place.setAttribute("data-fmviz-film", "coming");
}

export default async function (component) {
  nameAround(component.parentElement.host);
  if (!shared.mountReel) {
    await new Promise((wake) => (shared.waiting ??= []).push(wake));
  }
  return shared.mountReel(component);
}
