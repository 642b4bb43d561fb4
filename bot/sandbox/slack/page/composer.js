/** Where people write: messages, `/commands`, @names; with hints above and the shortcuts beside. */

import { notice, post, shortcut } from "./acts.js";
import { iconButton } from "./controls.js";
import { h, render } from "./dom.js";
import { icon } from "./icons.js";
import { openMenu } from "./popup.js";
import { app, store } from "./store.js";

const COMMAND = /^(\/\S*)(?:\s+([\s\S]*))?$/;
const NAME_AT_END = /(^|\s)@([\w.-]*)$/;

/** What is written and not yet sent, by where. */
const drafts = new Map();

/** Make a composer inside this element. */
export function createComposer(frame) {
  let place = null;
  let area = null;
  let hints = [];
  let active = 0;
  let note = null;

  /**
   * Show it.
   * @param {Object} where channel (id), thread (ts or null), label
   */
  function show(where) {
    const key = `${where.channel}/${where.thread ?? ""}`;
    if (place?.key !== key) {
      hints = [];
      note = null;
    }
    place = { ...where, key };
    redraw();
  }

  function redraw() {
    const listId = `hints-${place.thread ? "thread" : "channel"}`;
    render(
      frame,
      note && h("p", { key: "note", class: "composer-note", role: "alert" }, icon("warn"), note),
      hints.length > 0 && drawHints(listId),
      h(
        "form",
        { key: "form", class: "composer-box", onsubmit: submit },
        h("textarea", {
          key: place.key,
          ref: (node) => {
            area = node;
            grow();
          },
          rows: 1,
          value: drafts.get(place.key) ?? "",
          placeholder: place.label,
          "aria-label": place.label,
          role: "combobox",
          "aria-autocomplete": "list",
          "aria-expanded": String(hints.length > 0),
          "aria-controls": listId,
          "aria-activedescendant": hints.length ? `${listId}-${active}` : null,
          oninput: typed,
          onkeydown: keydown,
        }),
        h(
          "div",
          { class: "composer-tools" },
          !place.thread && shortcutsButton(),
          h("span", { class: "composer-help" }, "Enter sends, Shift+Enter starts a new line"),
          h("button", { class: "icon-button send", "aria-label": "Send", title: "Send" }, icon("send")),
        ),
      ),
    );
  }

  function drawHints(listId) {
    const rows = hints.map((hint, index) =>
      h(
        "li",
        {
          id: `${listId}-${index}`,
          role: "option",
          class: index === active ? "option active" : "option",
          "aria-selected": String(index === active),
          onpointerdown: (event) => event.preventDefault(),
          onclick: () => take(hint),
        },
        h(
          "span",
          { class: "option-text" },
          h("strong", null, hint.name, " "),
          hint.usage && h("span", { class: "usage" }, hint.usage),
          hint.detail && h("small", null, hint.detail),
        ),
      ),
    );
    const props = { key: "hints", id: listId, class: "hints", role: "listbox", "aria-label": "Suggestions" };
    return h("ul", props, rows);
  }

  function shortcutsButton() {
    const more = { "aria-haspopup": "menu", "aria-expanded": "false" };
    return iconButton("bolt", "Shortcuts", (event) => openShortcuts(event.currentTarget), more);
  }

  function openShortcuts(anchor) {
    const globals = app().shortcuts.filter((each) => each.type === "global");
    const entries = [
      ...globals.map((each) => ({
        text: each.name,
        detail: each.description,
        icon: icon("bolt"),
        pick: () => shortcut(each),
      })),
      ...app().commands.map((each) => ({
        text: `${each.command} ${each.usage_hint}`,
        detail: each.description,
        icon: icon("edit"),
        pick: () => write(`${each.command} `),
      })),
    ];
    if (entries.length) openMenu(anchor, "Shortcuts", entries);
    else notice(`${app().name} has no shortcuts and no commands`);
  }

  function typed() {
    drafts.set(place.key, area.value);
    note = null;
    grow();
    offer();
    redraw();
  }

  function write(text) {
    area.value = text;
    area.focus();
    typed();
  }

  /** What goes with what is written so far: commands at the start, people after an @. */
  function offer() {
    const text = area.value.slice(0, area.selectionStart);
    const rest = area.value.slice(area.selectionStart);
    const isCommand = /^\/\S*$/.test(text);
    const name = NAME_AT_END.exec(text)?.[2].toLowerCase();
    const hint = (each) => ({ name: each.command, usage: each.usage_hint, detail: each.description });
    const commands = app().commands.filter((each) => isCommand && each.command.startsWith(text));
    const people = store.workspace.users.filter((each) => name !== undefined && each.name.startsWith(name));
    active = 0;
    hints = [
      ...commands.map((each) => ({ ...hint(each), text: `${each.command} ` })),
      ...people.map((each) => ({
        name: `@${each.name}`,
        usage: each.real_name,
        text: text.replace(NAME_AT_END, `$1@${each.name} `) + rest,
      })),
    ];
    if (!hints.length) {
      hints = app().commands.filter((each) => area.value.startsWith(`${each.command} `)).map(hint);
    }
  }

  function take(hint) {
    if (hint.text !== undefined) write(hint.text);
  }

  function keydown(event) {
    const picks = hints[active]?.text !== undefined;
    const takes = picks && (event.key === "Tab" || event.key === "Enter") && !event.shiftKey;
    if (event.isComposing) return;
    if (picks && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      active = (active + (event.key === "ArrowDown" ? 1 : hints.length - 1)) % hints.length;
      redraw();
    } else if (takes && !isComplete(hints[active])) {
      event.preventDefault();
      take(hints[active]);
    } else if (event.key === "Escape" && hints.length) {
      event.stopPropagation();
      hints = [];
      redraw();
    } else if (event.key === "Enter" && !event.shiftKey) {
      submit(event);
    }
  }

  /** Whether Enter should send rather than complete: the word is there already. */
  function isComplete(hint) {
    return area.value === hint.name;
  }

  async function submit(event) {
    event.preventDefault();
    const text = area.value.trim();
    if (!text) return;
    const sent = place;
    write("");
    hints = [];
    redraw();
    const wrong = await send(sent, text);
    if (wrong === null) return;
    if (!drafts.get(sent.key)) drafts.set(sent.key, text);
    if (place.key === sent.key) {
      if (!area.value) area.value = text;
      note = wrong;
      grow();
      redraw();
    }
  }

  function grow() {
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, innerHeight / 3)}px`;
  }

  return { show, focus: () => area?.focus() };
}

/** Send; null, or what went wrong and leaves the text to be mended. */
async function send({ channel, thread }, text) {
  const found = COMMAND.exec(text);
  if (!found) {
    const answer = await post("say", { channel, text, ...(thread ? { thread_ts: thread } : {}) });
    return answer.ok ? null : answer.error;
  }
  const [, command, rest = ""] = found;
  if (thread) return `${command} is not supported in threads. Sorry!`;
  const answer = await post("command", { channel, command, text: rest });
  // What the app did with it, in time or not, the workspace shows in the channel; the rest is a sentence here.
  const isCode = answer.ok || /^\w+$/.test(answer.error);
  return isCode ? null : answer.error;
}
