/** The page's own small controls. */

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** A button that is an icon; the label is for screen readers and for whoever waits with the mouse. */
export function iconButton(name, label, onclick, more = {}) {
  const props = { type: "button", class: "icon-button", title: label, "aria-label": label, onclick, ...more };
  return h("button", props, icon(name));
}

/** A button with words, in the look of Block Kit's. */
export function wordButton(text, onclick, look = "") {
  return h("button", { type: "button", class: `button ${look}`, onclick }, text);
}

/** A button that looks like a link. */
export function linkButton(text, onclick, look = "") {
  return h("button", { type: "button", class: `plain ${look}`, onclick }, text);
}
