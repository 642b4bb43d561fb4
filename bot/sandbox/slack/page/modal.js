/** The modal on top of this person's stack: its blocks, its errors, submit and close. */

import { at, failed, post, touch, viewSpot } from "./acts.js";
import { drawBlocks } from "./blocks.js";
import { iconButton, wordButton } from "./controls.js";
import { h, render } from "./dom.js";
import { allEntered, forget } from "./entered.js";
import { icon } from "./icons.js";
import { plainText } from "./mrkdwn.js";
import { store } from "./store.js";

const SETTLED = 100;
/** Milliseconds after which the errors that came with an answer stand beside their fields. */
const FIELDS = "input:not([type=hidden]), textarea, select, .select";

let dialog = null;
let shown = null;

/** Open, redraw or close the dialog, as the stack is now. */
export function settleModal() {
  const stack = store.workspace.views;
  const view = stack.at(-1);
  const open = new Set([...stack.map((each) => each.id), store.workspace.home?.id]);
  forget((key) => key.startsWith("V") && !open.has(key));
  if (!view) {
    dialog?.close();
    dialog = null;
    shown = null;
    return;
  }
  dialog ??= openDialog();
  render(dialog, drawView(view, stack.length));
  if (shown !== view.id || !dialog.contains(document.activeElement)) focusFirst();
  shown = view.id;
}

function openDialog() {
  const made = Object.assign(document.createElement("dialog"), { className: "modal" });
  made.setAttribute("aria-labelledby", "modal-title");
  // Escape asks the workspace to close the view; the dialog goes when the view has gone.
  made.oncancel = (event) => {
    event.preventDefault();
    close(store.workspace.views.at(-1));
  };
  document.body.append(made);
  made.onclose = () => made.remove();
  made.showModal();
  return made;
}

function focusFirst() {
  const body = dialog.querySelector(".modal-body");
  const wanted = document.activeElement?.closest?.(".modal-body") === body ? null : body.querySelector(FIELDS);
  (wanted ?? dialog.querySelector("footer button, header button"))?.focus();
  if (shown === null) body.scrollTop = 0;
}

function drawView(view, depth) {
  const spot = { ...viewSpot(view.id), values: view.values, errors: view.errors };
  const isBusy = at(spot).pending.has("submit");
  const general = view.errors[""];
  const hasInput = view.blocks.some((block) => block.type === "input");
  return h(
    "form",
    {
      key: view.id,
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        if (!isBusy) submit(view, spot);
      },
      onkeydown: (event) => onkeydown(event, view),
    },
    h(
      "header",
      null,
      depth > 1 && iconButton("back", "Back", () => close(view)),
      h("h2", { id: "modal-title" }, plainText(view.title)),
      iconButton("close", "Close", () => close(view, true)),
    ),
    h("div", { class: "modal-body" }, drawBlocks(spot, view.blocks)),
    general && h("p", { class: "failure", role: "alert" }, icon("warn"), general),
    h(
      "footer",
      { class: "buttons" },
      wordButton(view.close ? plainText(view.close) : "Close", () => close(view)),
      (view.submit || hasInput) &&
        h(
          "button",
          { class: "button filled primary", "aria-busy": isBusy ? "true" : null },
          view.submit ? plainText(view.submit) : "Submit",
        ),
    ),
  );
}

/** Enter in a field of one line does not submit, as in Slack; with Ctrl or Cmd it does, from anywhere. */
function onkeydown(event, view) {
  if (event.key !== "Enter" || event.isComposing) return;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    if (view.submit) event.currentTarget.requestSubmit();
  } else if (event.target.matches("input[type=text], input[type=email], input[type=url]")) {
    event.preventDefault();
  }
}

async function submit(view, spot) {
  touch(spot, { pending: new Set([...at(spot).pending, "submit"]), failure: null, edited: new Set() });
  const answer = await post("submit", { view_id: view.id, values: allEntered(spot, view.blocks) });
  const pending = new Set(at(spot).pending);
  pending.delete("submit");
  const isShownInForm = answer.ok || ["invalid_input", "errors"].includes(answer.error);
  touch(spot, { pending, failure: isShownInForm ? null : failed(plainText(view.title), answer.error) });
  if (!answer.ok) setTimeout(focusFirstError, SETTLED);
}

function focusFirstError() {
  dialog?.querySelector(".wrong :is(input, textarea, .select)")?.focus();
}

async function close(view, all = false) {
  if (!view) return;
  const answer = await post("close", { view_id: view.id, ...(all ? { all_of_them: true } : {}) });
  if (!answer.ok) touch(viewSpot(view.id), { failure: failed("Closing", answer.error) });
}
