/** A list to pick one or several from, with a field to search in: what opens under every select. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { openPopup } from "./popup.js";

let lists = 0;

/**
 * Open a list.
 * @param {Element} anchor the select.
 * @param {Object} options
 *   `label`;
 *   `groups` (async (query) => [{label?, options: [{id, text, detail?, value}]}]), already searched;
 *   `chosen` (Set of ids), `many` (whether several can be picked), `most` (how many at most);
 *   `clear` (text of an entry that picks nothing, if that is allowed);
 *   `onpick` (value) for one; `ontoggle` (value) for many; `onclose`.
 */
export function openList(anchor, { label, groups, chosen, many = false, most = Infinity, clear, ...then }) {
  const id = `list-${(lists += 1)}`;
  const picked = new Set(chosen);
  let query = "";
  let found = [];
  let active = 0;
  let asked = 0;

  const options = () => [
    ...(clear && !query ? [{ id: "", text: clear, value: null }] : []),
    ...found.flatMap((group) => group.options),
  ];

  async function search(text) {
    query = text;
    const mine = (asked += 1);
    const answer = await groups(text);
    if (mine !== asked) return;
    found = answer;
    const all = options();
    active = query ? 0 : Math.max(0, all.findIndex((each) => picked.has(each.id)));
    popup.redraw();
    show();
  }

  function pick(option) {
    if (!many) {
      popup.close();
      then.onpick(option.value);
      return;
    }
    if (picked.has(option.id)) picked.delete(option.id);
    else if (picked.size < most) picked.add(option.id);
    else return;
    then.ontoggle(option.value);
    popup.redraw();
  }

  function move(event) {
    const all = options();
    const to = {
      ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + 8, PageUp: active - 8,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      active = Math.max(0, Math.min(to, all.length - 1));
      popup.redraw();
      show();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (all[active]) pick(all[active]);
    } else if (event.key === "Tab") {
      event.preventDefault();
      popup.close();
    }
  }

  function show() {
    popup.box.querySelector(".active")?.scrollIntoView({ block: "nearest" });
  }

  function drawOption(option, index) {
    const isPicked = picked.has(option.id);
    return h(
      "li",
      {
        key: `o${index}`,
        id: `${id}-${index}`,
        role: "option",
        class: index === active ? "option active" : "option",
        "aria-selected": String(isPicked),
        onpointerdown: (event) => event.preventDefault(),
        onclick: () => pick(option),
      },
      h("span", { class: "option-text" }, option.text, option.detail && h("small", null, option.detail)),
      isPicked && icon("check"),
    );
  }

  function drawList() {
    let index = clear && !query ? 1 : 0;
    const first = index ? [drawOption({ id: "", text: clear, value: null }, 0)] : [];
    const rest = found.map((group, at) => [
      group.label && h("li", { key: `g${at}`, class: "option-group", role: "presentation" }, group.label),
      group.options.map((option) => drawOption(option, index++)),
    ]);
    return index || first.length ? [first, rest] : h("li", { class: "option-none", key: "none" }, "No results");
  }

  const popup = openPopup(anchor, {
    label,
    className: "list",
    onclose: then.onclose,
    draw: () => [
      h("input", {
        class: "search",
        type: "text",
        role: "combobox",
        placeholder: "Search",
        autocomplete: "off",
        "aria-label": `Search: ${label}`,
        "aria-expanded": "true",
        "aria-controls": id,
        "aria-activedescendant": options().length ? `${id}-${active}` : null,
        oninput: (event) => search(event.target.value),
        onkeydown: move,
      }),
      h("ul", { id, role: "listbox", "aria-label": label, "aria-multiselectable": String(many) }, drawList()),
    ],
  });
  popup.box.querySelector("input").focus();
  search("");
}

/** Those of the options whose text has the words. */
export function matching(options, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (each, word) => `${each.text} ${each.detail ?? ""}`.toLowerCase().includes(word);
  return options.filter((each) => words.every((word) => has(each, word)));
}
