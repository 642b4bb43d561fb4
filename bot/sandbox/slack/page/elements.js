/** Block Kit's elements except selects: buttons, menus, pickers, choosers and text fields. */

import { at, click, post } from "./acts.js";
import { openCalendar } from "./calendar.js";
import { dayLabel, dayOf, timeLabel } from "./dates.js";
import { asked } from "./dialog.js";
import { h } from "./dom.js";
import { enter, entered, idOf } from "./entered.js";
import { icon } from "./icons.js";
import { safeUrl } from "./links.js";
import { plainText, textObject } from "./mrkdwn.js";
import { openList } from "./picklist.js";
import { openMenu } from "./popup.js";
import { SELECTS, drawSelect } from "./selects.js";
import { me } from "./store.js";

const TEXTS = {
  plain_text_input: { type: "text" },
  email_text_input: { type: "email", inputmode: "email" },
  url_text_input: { type: "url", inputmode: "url" },
  number_input: { type: "text", inputmode: "decimal" },
};

const DRAWN = {
  button,
  workflow_button: button,
  overflow,
  image: (_spot, _block, element) => picture(element, "accessory-image"),
  datepicker,
  timepicker,
  datetimepicker,
  checkboxes: chooser,
  radio_buttons: chooser,
  rich_text_input: richTextInput,
  file_input: () => h("p", { class: "hint" }, "Files cannot be attached in the sandbox."),
  feedback_buttons: feedback,
  icon_button: iconButton,
  ...Object.fromEntries(Object.keys(TEXTS).map((type) => [type, textInput])),
  ...Object.fromEntries(SELECTS.map((type) => [type, (...args) => drawSelect(...args, use)])),
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

/** After the confirm dialog, if there is one: keep what was entered, and tell the app if it wants to know. */
async function use(spot, block, element, value, { keep = true } = {}) {
  if (element.confirm && !(await asked(element.confirm))) return;
  if (keep) enter(spot, block, element, value);
  if (block.type !== "input" || block.dispatch_action) {
    await noted;
    await click(spot, element, value, named(element));
  } else {
    note(spot, element, value);
  }
}

/** What is typed in a view's input goes to the workspace, not to the app: the next click carries it. */
let noted = Promise.resolve();
function note(spot, element, value) {
  if (!("view_id" in spot.where)) return;
  noted = noted.then(() => post("click", { ...spot.where, action_id: element.action_id, value }));
}

function named(element) {
  if (element.accessibility_label) return element.accessibility_label;
  const text = element.text ?? element.placeholder;
  return text ? plainText(text) : { overflow: "More actions" }[element.type] ?? element.type.replaceAll("_", " ");
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
  return h("span", { class: "feedback" }, half("positive_button", "thumbUp"), half("negative_button", "thumbDown"));
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

/** A button that shows a value and opens something to change it. */
function opener(spot, block, element, label, name, text, open) {
  const placeholder = element.placeholder ? plainText(element.placeholder) : { calendar: "Pick a date" }[name] ?? "Pick a time";
  return h(
    "button",
    {
      type: "button",
      class: text ? "button select" : "button select empty",
      id: idOf(spot, block, element),
      ...label,
      "aria-haspopup": "dialog",
      "aria-expanded": "false",
      "aria-busy": at(spot).pending.has(element.action_id) ? "true" : null,
      "data-action": element.action_id,
      title: placeholder,
      onclick: (event) => open(event.currentTarget, placeholder),
    },
    icon(name),
    h("span", null, text ?? placeholder),
  );
}

function datepicker(spot, block, element, label) {
  const day = entered(spot, block, element);
  const pick = (value) => use(spot, block, element, value);
  return opener(spot, block, element, label, "calendar", day && dayLabel(day), (anchor, title) =>
    openCalendar(anchor, title, day, pick, { clear: block.optional }),
  );
}

function timepicker(spot, block, element, label) {
  const time = entered(spot, block, element);
  const pick = (value) => use(spot, block, element, value);
  return opener(spot, block, element, label, "clock", time && timeLabel(time), (anchor, title) =>
    openTimes(anchor, title, time, pick, block.optional),
  );
}

function datetimepicker(spot, block, element, label) {
  const seconds = entered(spot, block, element);
  const chosen = seconds ? new Date(seconds * 1000) : null;
  const day = chosen && dayOf(chosen);
  const time = chosen && `${String(chosen.getHours()).padStart(2, "0")}:${String(chosen.getMinutes()).padStart(2, "0")}`;
  const pick = (newDay, newTime) =>
    use(spot, block, element, Math.floor(new Date(`${newDay}T${newTime}`).getTime() / 1000));
  return h(
    "span",
    { class: "together", role: "group", ...label },
    opener(spot, block, element, { "aria-label": "Date" }, "calendar", day && dayLabel(day), (anchor, title) =>
      openCalendar(anchor, title, day, (value) => pick(value, time ?? "09:00")),
    ),
    opener(spot, block, { ...element, action_id: `${element.action_id}-time` }, { "aria-label": "Time" }, "clock",
      time && timeLabel(time), (anchor, title) =>
        openTimes(anchor, title, time, (value) => pick(day ?? dayOf(new Date()), value), false)),
  );
}

/** Every half hour, and any minute that is typed. */
function openTimes(anchor, label, time, onpick, optional) {
  const option = (value) => ({ id: value, text: timeLabel(value), value });
  const halves = Array.from({ length: 48 }, (_, half) =>
    option(`${String(Math.floor(half / 2)).padStart(2, "0")}:${half % 2 ? "30" : "00"}`),
  );
  const groups = async (query) => {
    const typed = typedTime(query);
    const wanted = query.toLowerCase().trim();
    const fitting = halves.filter((each) => each.text.toLowerCase().startsWith(wanted) && each.id !== typed);
    return [{ options: typed ? [option(typed), ...fitting] : fitting }];
  };
  openList(anchor, { label, groups, chosen: new Set([time]), clear: optional && time && "Clear time", onpick });
}

function typedTime(text) {
  const found = /^\s*(\d{1,2})[:.h]?(\d{2})?\s*([ap])?\.?m?\.?\s*$/i.exec(text);
  if (!found) return null;
  const half = found[3]?.toLowerCase();
  const hour = half ? (Number(found[1]) % 12) + (half === "p" ? 12 : 0) : Number(found[1]);
  const minute = Number(found[2] ?? 0);
  if (hour > 23 || minute > 59) return null;
  return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}

function chooser(spot, block, element, label) {
  const many = element.type === "checkboxes";
  const value = entered(spot, block, element);
  const chosen = new Set((many ? value ?? [] : [value].filter(Boolean)).map((each) => each.value));
  const change = (option, checked) => {
    if (!many) return use(spot, block, element, option);
    const now = element.options.filter((each) => (each === option ? checked : chosen.has(each.value)));
    return use(spot, block, element, now);
  };
  const id = idOf(spot, block, element);
  const boxes = element.options.map((option) =>
    h(
      "label",
      { class: "choice" },
      h("input", {
        type: many ? "checkbox" : "radio",
        name: id,
        checked: chosen.has(option.value),
        onchange: (event) => change(option, event.target.checked),
      }),
      h("span", null, textObject(option.text), option.description && h("small", null, textObject(option.description))),
    ),
  );
  return h("div", { class: "choices", role: many ? "group" : "radiogroup", id, ...label, "data-action": element.action_id }, boxes);
}

function textInput(spot, block, element, label) {
  const config = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const dispatches = block.type !== "input" || block.dispatch_action;
  const tell = (event) => use(spot, block, element, event.target.value || null);
  return h(element.multiline ? "textarea" : "input", {
    ...(element.multiline ? { rows: 4 } : TEXTS[element.type]),
    class: "field",
    id: idOf(spot, block, element),
    ...label,
    autocomplete: "off",
    placeholder: element.placeholder && plainText(element.placeholder),
    value: entered(spot, block, element) ?? "",
    "data-action": element.action_id,
    ref: (node) => element.focus_on_load && node.focus(),
    oninput: (event) => {
      enter(spot, block, element, event.target.value || null, { quiet: true });
      if (dispatches && config.includes("on_character_entered")) tell(event);
    },
    onchange: (event) => !dispatches && note(spot, element, event.target.value || null),
    onkeydown: (event) => {
      const isDone = event.key === "Enter" && !event.isComposing && (!element.multiline || event.ctrlKey || event.metaKey);
      if (isDone && dispatches && config.includes("on_enter_pressed")) {
        event.preventDefault();
        tell(event);
      }
    },
  });
}

/** Text without styles, as the rich text that holds it. */
function richTextInput(spot, block, element, label) {
  const held = (text) => ({
    type: "rich_text_input",
    rich_text_value: { type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }] },
  });
  const text = (value) =>
    ((value?.rich_text_value ?? value)?.elements ?? [])
      .flatMap((part) => part.elements ?? [])
      .map((part) => part.text ?? "")
      .join("");
  return h("textarea", {
    class: "field",
    rows: 4,
    id: idOf(spot, block, element),
    ...label,
    placeholder: element.placeholder && plainText(element.placeholder),
    value: text(entered(spot, block, element)),
    "data-action": element.action_id,
    oninput: (event) => {
      const typed = event.target.value;
      enter(spot, block, element, typed ? held(typed) : null, { quiet: true });
    },
  });
}
