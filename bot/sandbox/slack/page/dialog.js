/** The question before an action: Block Kit's confirm, and our own. */

import { refreshTimes } from "./dates.js";
import { h, render } from "./dom.js";
import { plainText, textObject } from "./mrkdwn.js";

const WORDS = { title: "Are you sure?", confirm: "Yes", deny: "No" };

/**
 * Ask.
 * @param {Object} confirm title, text, confirm, deny (text objects) and style, as in Block Kit.
 * @returns {Promise<boolean>}
 */
export function asked(confirm) {
  const word = (name) => (confirm[name] ? plainText(confirm[name]) : WORDS[name]);
  const dialog = document.createElement("dialog");
  dialog.className = "confirm";
  dialog.setAttribute("aria-labelledby", "confirm-title");
  document.body.append(dialog);
  const tone = confirm.style === "danger" ? "danger" : "primary";
  render(
    dialog,
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: "confirm-title" }, word("title")),
      h("div", { class: "text" }, textObject(confirm.text)),
      h(
        "footer",
        { class: "buttons" },
        h("button", { class: "button", value: "" }, word("deny")),
        h("button", { class: `button filled ${tone}`, value: "yes", autofocus: true }, word("confirm")),
      ),
    ),
  );
  refreshTimes();
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    };
  });
}
