/** Block Kit's text fields, checkboxes and radio buttons. */

import { h } from "./dom.js";
import { enter, entered, idOf } from "./entered.js";
import { plainText, textObject } from "./mrkdwn.js";
import { note, use } from "./use.js";

const TEXTS = {
  plain_text_input: { type: "text" },
  email_text_input: { type: "email", inputmode: "email" },
  url_text_input: { type: "url", inputmode: "url" },
  number_input: { type: "text", inputmode: "decimal" },
};

/** Element type -> (spot, block, element, label) => description. */
export const FIELDS = {
  checkboxes: chooser,
  radio_buttons: chooser,
  rich_text_input: richTextInput,
  ...Object.fromEntries(Object.keys(TEXTS).map((type) => [type, textInput])),
};

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
      h(
        "span",
        null,
        textObject(option.text),
        option.description && h("small", null, textObject(option.description)),
      ),
    ),
  );
  const props = { class: "choices", role: many ? "group" : "radiogroup", id, ...label };
  return h("div", { ...props, "data-action": element.action_id }, boxes);
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
      const isEnter = event.key === "Enter" && !event.isComposing;
      const isDone = isEnter && (!element.multiline || event.ctrlKey || event.metaKey);
      if (isDone && dispatches && config.includes("on_enter_pressed")) {
        event.preventDefault();
        tell(event);
      }
    },
  });
}

/** Text without styles, as the rich text that holds it. */
function richTextInput(spot, block, element, label) {
  const held = (text) => {
    const section = { type: "rich_text_section", elements: [{ type: "text", text }] };
    return { type: "rich_text_input", rich_text_value: { type: "rich_text", elements: [section] } };
  };
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
