/** What happens when somebody uses an element: asked first if need be, kept, and told to the app. */

import { click, post } from "./acts.js";
import { asked } from "./dialog.js";
import { enter } from "./entered.js";
import { plainText } from "./mrkdwn.js";

/** After the confirm dialog, if there is one: keep what was entered, and tell the app if it wants to know. */
export async function use(spot, block, element, value, { keep = true } = {}) {
  if (element.confirm && !(await asked(element.confirm))) return;
  if (keep) enter(spot, block, element, value);
  if (block.type !== "input" || block.dispatch_action) {
    await noted;
    await click(spot, element, value, named(element));
  } else {
    note(spot, element, value);
  }
}

let noted = Promise.resolve();

/** Tell the workspace, but not the app, what is typed in a view's input: the next click there carries it. */
export function note(spot, element, value) {
  if (!("view_id" in spot.where)) return;
  noted = noted.then(() => post("click", { ...spot.where, action_id: element.action_id, value }));
}

/** What people call an element. */
export function named(element) {
  if (element.accessibility_label) return element.accessibility_label;
  const text = element.text ?? element.placeholder;
  if (text) return plainText(text);
  return element.type === "overflow" ? "More actions" : element.type.replaceAll("_", " ");
}
