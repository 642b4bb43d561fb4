/** Block Kit's elements: which draws what; buttons and menus themselves. */

import { at } from "./acts.js";
import { h } from "./dom.js";
import { FIELDS } from "./fields.js";
import { icon } from "./icons.js";
import { safeUrl } from "./links.js";
import { plainText, textObject } from "./mrkdwn.js";
import { PICKERS } from "./pickers.js";
import { openMenu } from "./popup.js";
import { SELECTS, drawSelect } from "./selects.js";
import { me } from "./store.js";
import { named, use } from "./use.js";

const DRAWN = {
  button,
  workflow_button: button,
  overflow,
  image: (_spot, _block, element) => picture(element, "accessory-image"),
  file_input: () => h("p", { class: "hint" }, "Files cannot be attached in the sandbox."),
  feedback_buttons: feedback,
  icon_button: iconButton,
  ...FIELDS,
  ...PICKERS,
  ...Object.fromEntries(SELECTS.map((type) => [type, drawSelect])),
};

/**
 * Draw an element.
 * @param {Object} spot where it is (acts.js), for a view with its `values`.
 * @param {Object} block the block it stands in.
 * @param {Object} element
 * @param {Object} label attributes that name it, e.g. aria-labelledby of an input block's label.
 */
export function drawElement(spot, block, element, label = { "aria-label": named(element) }) {
  const draw = DRAWN[element.type];
  return draw ? draw(spot, block, element, label) : h("span", { class: "unknown" }, `[${element.type}]`);
}

/** An image; what it shows in words if it cannot be loaded. */
export function picture(image, className) {
  const src = safeUrl(image.image_url ?? "");
  const alt = image.alt_text ?? "";
  if (!src?.startsWith("http")) return h("span", { class: `${className} no-image` }, alt);
  return h("img", {
    class: className,
    src,
    alt,
    title: alt,
    loading: "lazy",
    referrerpolicy: "no-referrer",
    onerror: (event) => event.currentTarget.classList.add("no-image"),
  });
}

function button(spot, block, element) {
  const url = element.url ? safeUrl(element.url) : null;
  const pressed = async () => {
    if (url) window.open(url, "_blank", "noopener,noreferrer");
    await use(spot, block, element, undefined, { keep: false });
  };
  return pushButton(spot, element, element.style ?? "", pressed, textObject(element.text));
}

function pushButton(spot, element, style, onclick, ...content) {
  const busy = at(spot).pending.has(element.action_id);
  return h(
    "button",
    {
      type: "button",
      class: `button ${style}`,
      "aria-label": element.accessibility_label,
      "aria-busy": busy ? "true" : null,
      "aria-disabled": busy ? "true" : null,
      "data-action": element.action_id,
      onclick: busy ? null : onclick,
    },
    content,
  );
}

function iconButton(spot, block, element) {
  if (element.visible_to_user_ids && !element.visible_to_user_ids.includes(me())) return null;
  const labelled = { ...element, accessibility_label: named(element) };
  const pressed = () => use(spot, block, element, undefined, { keep: false });
  return pushButton(spot, labelled, "bare", pressed, icon(element.icon), textObject(element.text));
}

function feedback(spot, block, element) {
  const half = (side, name) => {
    const one = element[side];
    const labelled = { ...element, accessibility_label: one.accessibility_label ?? plainText(one.text) };
    const pressed = () => use(spot, block, element, one.value, { keep: false });
    return pushButton(spot, labelled, "bare", pressed, icon(name));
  };
  const halves = [half("positive_button", "thumbUp"), half("negative_button", "thumbDown")];
  return h("span", { class: "feedback" }, halves);
}

function overflow(spot, block, element, label) {
  const pick = (option) => () => {
    const url = option.url ? safeUrl(option.url) : null;
    if (url) window.open(url, "_blank", "noopener,noreferrer");
    use(spot, block, element, option, { keep: false });
  };
  const entries = element.options.map((option) => ({
    text: textObject(option.text),
    detail: option.description && textObject(option.description),
    pick: pick(option),
  }));
  return h(
    "button",
    {
      type: "button",
      class: "button overflow",
      ...label,
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-busy": at(spot).pending.has(element.action_id) ? "true" : null,
      "data-action": element.action_id,
      onclick: (event) => openMenu(event.currentTarget, label["aria-label"] ?? "More", entries),
    },
    icon("more"),
  );
}
