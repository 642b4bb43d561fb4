/** Block Kit's selects: one or several of options, people, channels or conversations. */

import { at, failed, notice, post } from "./acts.js";
import { h } from "./dom.js";
import { enter, entered, idOf } from "./entered.js";
import { icon } from "./icons.js";
import { plainText } from "./mrkdwn.js";
import { matching, openList } from "./picklist.js";
import { channel, channelName, nameOf, store } from "./store.js";
import { use } from "./use.js";

const KINDS = ["static_select", "external_select", "users_select", "conversations_select", "channels_select"];

/** Every select's type. */
export const SELECTS = KINDS.flatMap((kind) => [kind, `multi_${kind}`]);

const FILTERS = { public: "channel", private: "group", im: "im" };

/** Draw a select. */
export function drawSelect(spot, block, element, label) {
  const many = element.type.startsWith("multi_");
  const value = entered(spot, block, element) ?? startsHere(spot, element);
  const picked = many ? value ?? [] : [value].filter((each) => each !== null && each !== undefined);
  const usual = many ? "Select options" : "Select an option";
  const placeholder = element.placeholder ? plainText(element.placeholder) : usual;
  const open = (event) => openSelect(event.currentTarget, { spot, block, element, many, picked, placeholder });
  const shown = many ? null : picked.map(textOf)[0];
  const select = h(
    "button",
    {
      type: "button",
      class: shown ? "button select" : "button select empty",
      id: idOf(spot, block, element),
      ...label,
      title: placeholder,
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      "aria-busy": at(spot).pending.has(element.action_id) ? "true" : null,
      "data-action": element.action_id,
      onclick: open,
    },
    h("span", null, shown ?? placeholder),
    icon("down"),
  );
  return many ? h("span", { class: "together" }, picked.map(chip), select) : select;

  function chip(each) {
    const rest = picked.filter((other) => other !== each);
    const remove = () => use(spot, block, element, rest);
    return h(
      "span",
      { class: "chip" },
      textOf(each),
      h("button", { type: "button", "aria-label": `Remove ${textOf(each)}`, onclick: remove }, icon("close")),
    );
  }
}

function openSelect(anchor, { spot, block, element, many, picked, placeholder }) {
  let now = picked;
  openList(anchor, {
    label: anchor.getAttribute("aria-label") ?? placeholder,
    groups: (query) => choices(spot, element, query),
    chosen: new Set(picked.map(idOfChoice)),
    many,
    most: element.max_selected_items,
    clear: !many && block.optional && picked.length ? "Clear selection" : undefined,
    onpick: (value) => use(spot, block, element, value),
    ontoggle: (value) => {
      const without = now.filter((each) => idOfChoice(each) !== idOfChoice(value));
      now = without.length === now.length ? [...now, value] : without;
      enter(spot, block, element, now);
    },
    onclose: () => many && now !== picked && use(spot, block, element, now),
  });
}

async function choices(spot, element, query) {
  const kind = element.type.replace("multi_", "");
  if (kind === "external_select") return external(spot, element, query);
  const groups = {
    static_select: () => element.option_groups ?? [{ options: element.options }],
    users_select: () => [{ options: store.workspace.users.map((each) => each.id) }],
    channels_select: () => [{ options: places(["channel"]) }],
    conversations_select: () => [
      { options: places(element.filter?.include?.map((each) => FILTERS[each]) ?? Object.values(FILTERS)) },
    ],
  }[kind]();
  return offered(groups, query);
}

async function external(spot, element, query) {
  if (query.length < (element.min_query_length ?? 3)) return [];
  const answer = await post("suggest", { ...spot.where, action_id: element.action_id, value: query });
  if (!answer.ok) {
    notice(failed(element.placeholder ? plainText(element.placeholder) : "The list", answer.error));
    return [];
  }
  const { options = [], option_groups: groups = [{ options }] } = answer.payload;
  return offered(groups, "");
}

function offered(groups, query) {
  return groups.map((group) => ({
    label: group.label && plainText(group.label),
    options: matching(group.options.map(choice), query),
  }));
}

function choice(value) {
  const detail = value.description ? plainText(value.description) : handle(value);
  return { id: idOfChoice(value), text: textOf(value), detail, value };
}

const handle = (id) => store.workspace.users.find((each) => each.id === id)?.name;
const places = (kinds) =>
  store.workspace.channels.filter((each) => kinds.includes(each.kind)).map((each) => each.id);
const idOfChoice = (value) => (typeof value === "string" ? value : value.value);

/** What a choice is called: an option's text, or the name of who or where an id is. */
function textOf(value) {
  if (typeof value !== "string") return plainText(value.text);
  const where = channel(value);
  return where ? `#${channelName(where)}` : nameOf(value);
}

function startsHere(spot, element) {
  const here = element.default_to_current_conversation ? spot.where.channel ?? store.place : null;
  return here && (element.type.startsWith("multi_") ? [here] : here);
}
