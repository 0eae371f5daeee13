// A picture of a film. The scripts that draw it come once a page, with the controls.
const shared = (globalThis.fmvizPlayer ??= {});

export default async function (component) {
  if (!shared.mountReel) {
    await new Promise((wake) => (shared.waiting ??= []).push(wake));
  }
  return shared.mountReel(component);
}
