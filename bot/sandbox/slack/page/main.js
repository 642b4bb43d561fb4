/** The middle: a channel's or Home's head, and what goes with the messages. */

import { notice, post, viewSpot } from "./acts.js";
import { drawBlocks } from "./blocks.js";
import { iconButton, wordButton } from "./controls.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { openMenu } from "./popup.js";
import { app, changed, channelName, direct, go, nameOf, signOf, store } from "./store.js";

/** The head of where one is. */
export function drawHead(where) {
  const isApp = !where || where.kind === "im";
  return [
    menuButton(),
    h(
      "div",
      { class: "head-text" },
      isApp ? h("h2", null, app().name) : h("h2", null, icon(signOf(where)), channelName(where)),
      !isApp && where.topic && h("p", { class: "topic", title: where.topic }, where.topic),
    ),
    isApp ? tabs() : members(where),
  ];
}

/** The app's Home for this person. */
export function drawHome() {
  const view = store.workspace.home;
  if (!view) {
    const text = `${app().name} has not published a Home for you yet.`;
    return h("div", { class: "nothing" }, icon("home"), h("p", null, text));
  }
  const spot = { ...viewSpot(view.id), values: view.values, errors: {} };
  return h("div", { key: view.id, class: "home-blocks" }, drawBlocks(spot, view.blocks));
}

/** Above a channel's first message. */
export function drawStart(where) {
  if (where.kind === "im") {
    const text = "This is the direct message between you and the app.";
    return h("div", { key: "start", class: "start" }, h("h3", null, app().name), h("p", null, text));
  }
  const isThere = where.members.includes(app().bot_user);
  const presence = isThere ? "is in this channel." : "is not in this channel: it hears nothing here.";
  const commands = app().commands.map((each) => h("code", null, each.command));
  return h(
    "div",
    { key: "start", class: "start" },
    h("h3", null, `#${channelName(where)}`),
    h("p", null, where.topic ? `${where.topic}. ` : null, `${app().name} ${presence}`),
    commands.length > 0 && h("p", null, "Try ", commands, " in the field below."),
  );
}

/** What the agent says it is doing here, and what it proposes to ask. */
export function drawSession(where, thread) {
  const session = store.workspace.sessions.find(
    (each) => each.channel === where.id && each.thread_ts === (thread ?? ""),
  );
  if (!session) return null;
  const busy = session.says || (session.status === "processing" ? "is working…" : "");
  const ask = async (prompt) => {
    const place = thread ? { channel: where.id, thread_ts: thread } : { channel: where.id };
    const answer = await post("say", { ...place, text: prompt.message });
    if (!answer.ok) notice(answer.error);
  };
  const prompts = (session.prompts ?? []).map((prompt) => wordButton(prompt.title, () => ask(prompt)));
  const stop = async () => {
    const answer = await post("stop_agent", { channel: where.id, thread_ts: thread });
    if (!answer.ok) notice(answer.error);
  };
  return h(
    "div",
    { class: "session" },
    busy &&
      h(
        "p",
        { role: "status" },
        h("span", { class: "typing" }),
        `${app().name} ${busy} `,
        session.status === "processing" && wordButton("Stop", stop),
      ),
    prompts.length > 0 && h("div", { class: "block-actions" }, prompts),
  );
}

/** In place of the composer where one cannot write. */
export function drawOutside(where) {
  const join = async () => {
    const answer = await post("join", { channel: where.id });
    if (!answer.ok) notice(answer.error);
  };
  return h(
    "div",
    { key: "outside", class: "outside-note" },
    h("p", null, `You are not in #${channelName(where)}.`),
    wordButton("Join channel", join, "filled primary"),
  );
}

function menuButton() {
  const open = () => {
    store.places_open = !store.places_open;
    changed();
  };
  const more = { class: "icon-button places-button", "aria-expanded": String(store.places_open) };
  return iconButton("menu", "Channels and apps", open, more);
}

function tabs() {
  if (!app().home_tab) return null;
  const tab = (place, name) => {
    const isShown = String(store.place === place);
    const props = { type: "button", role: "tab", class: "tab", "aria-selected": isShown };
    return h("button", { ...props, onclick: () => go(place) }, name);
  };
  const both = [tab("home", "Home"), tab(direct().id, "Messages")];
  return h("div", { class: "tabs", role: "tablist", "aria-label": app().name }, both);
}

function members(where) {
  const leave = async () => {
    const answer = await post("leave", { channel: where.id });
    if (!answer.ok) notice(answer.error);
  };
  const kind = (id) => (id === app().bot_user ? "App" : null);
  const entries = where.members.map((id) => ({ text: nameOf(id), detail: kind(id), pick: () => {} }));
  if (where.is_member) entries.push({ text: `Leave #${channelName(where)}`, danger: true, pick: leave });
  return h(
    "button",
    {
      type: "button",
      class: "button members",
      "aria-label": `${where.members.length} members`,
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      onclick: (event) => openMenu(event.currentTarget, "Members", entries),
    },
    icon("people"),
    String(where.members.length),
  );
}
