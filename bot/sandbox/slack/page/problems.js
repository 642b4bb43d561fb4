/** What Slack would refuse, shown as Slack would refuse it: the error code, where in the payload, the payload. */

import { linkButton } from "./controls.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { changed, channel, channelName, store } from "./store.js";

const SHOWN = 3;
const EXCERPT = 80;
const POINTER = /\[json-pointer:([^\]]*)\]/;

/** The bar of refusals that were not put away; the newest first. */
export function drawProblems() {
  const open = store.workspace.refused.filter((each) => each.number > store.put_away).reverse();
  if (!open.length) return null;
  const putAway = () => {
    store.put_away = open[0].number;
    changed();
  };
  const more = open.length - SHOWN;
  return h(
    "section",
    { class: "problems", role: "alert", "aria-label": "Refused by the workspace" },
    h(
      "header",
      null,
      icon("warn"),
      h("strong", null, `Slack would refuse ${open.length === 1 ? "this call" : `these ${open.length} calls`}`),
      linkButton("Dismiss", putAway),
    ),
    open.slice(0, SHOWN).map(drawProblem),
    more > 0 && h("p", null, `and ${more} earlier`),
  );
}

function drawProblem({ number, method, error, messages, payload }) {
  const whole = unpacked(payload);
  const place = channel(payload.channel);
  return h(
    "details",
    { key: number, class: "problem" },
    h(
      "summary",
      null,
      h("code", { class: "error-code" }, error),
      " ",
      h("span", null, method, place ? ` in #${channelName(place)}` : ""),
      messages.length > 0 && h("ul", null, messages.map((message) => h("li", null, drawMessage(message, whole)))),
    ),
    h("pre", { tabIndex: 0, "aria-label": "Payload" }, JSON.stringify(whole, null, 2)),
  );
}

/** Slack's sentence, its pointer, and what stands there. */
function drawMessage(message, payload) {
  const pointer = POINTER.exec(message)?.[1];
  const text = message.replace("[ERROR] ", "").replace(POINTER, "").trim();
  const found = pointer ? valueAt(payload, pointer) : undefined;
  return [
    text,
    " ",
    pointer && h("code", null, pointer),
    found !== undefined && h("span", { class: "excerpt" }, excerpt(found)),
  ];
}

function valueAt(payload, pointer) {
  const steps = pointer.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const within = (value, step) => (typeof value === "object" ? value?.[step] : undefined);
  return steps.reduce(within, payload);
}

function excerpt(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const size = typeof value === "string" && text.length > EXCERPT ? ` (${text.length} characters)` : "";
  return text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…${size}` : text;
}

/** The payload with what came as JSON in a string read. */
function unpacked(payload) {
  const read = (value) => {
    if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
    try {
      return JSON.parse(value);
    } catch {
      return value;
    }
  };
  return Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, read(value)]));
}
