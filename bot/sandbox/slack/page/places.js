/** The list at the left: who is looking, channels, the app, and whether the app is there. */

import { notice, post } from "./acts.js";
import { linkButton } from "./controls.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { connect } from "./live.js";
import { avatar } from "./message.js";
import { openMenu } from "./popup.js";
import { unread } from "./reading.js";
import { app, channelName, direct, go, me, nameOf, signOf, store } from "./store.js";

/** Draw the list. */
export function drawPlaces() {
  const channels = store.workspace.channels.filter((each) => each.kind !== "im");
  const mine = channels.filter((each) => each.is_member);
  const others = channels.filter((each) => !each.is_member);
  return [
    h("header", { class: "places-head" }, h("h1", null, store.workspace.team.name), switcher()),
    h(
      "div",
      { class: "places-list" },
      section("Channels", mine.map(channelEntry)),
      others.length > 0 && section("Channels to join", others.map(channelEntry)),
      section("Apps", [
        app().home_tab && entry("home", "home", "Home", {}),
        entry(direct().id, signOf(direct()), app().name, unread(direct())),
      ]),
    ),
    h("footer", { class: "places-foot" }, drawAppState(), drawFaults()),
  ];
}

/** How much is unread in all the channels this person is in: {count, mentions}. */
export function unreadAnywhere() {
  const all = store.workspace.channels.filter((each) => each.is_member).map(unread);
  const sum = (name) => all.reduce((total, each) => total + each[name], 0);
  return { count: sum("count"), mentions: sum("mentions") };
}

function section(title, entries) {
  return h("section", { key: title, "aria-label": title }, h("h2", null, title), h("ul", null, entries));
}

function channelEntry(where) {
  return entry(where.id, signOf(where), channelName(where), unread(where), !where.is_member);
}

function entry(place, sign, name, { count = 0, mentions = 0 }, isOutside = false) {
  const classes = ["place"];
  if (count) classes.push("unread");
  if (isOutside) classes.push("outside");
  const label = count ? `${name}, ${count} unread` : name;
  return h(
    "li",
    { key: place },
    h(
      "button",
      {
        type: "button",
        class: classes.join(" "),
        "aria-current": store.place === place ? "page" : null,
        "aria-label": label,
        onclick: () => go(place),
      },
      icon(sign),
      h("span", { class: "place-name" }, name),
      mentions > 0 && h("span", { class: "badge" }, String(mentions)),
    ),
  );
}

function switcher() {
  const people = store.workspace.users.filter((each) => !each.is_bot);
  const entries = people.map((each) => ({
    text: each.real_name,
    detail: `@${each.name}`,
    icon: avatar(each.id),
    chosen: each.id === me(),
    pick: () => become(each),
  }));
  return h(
    "button",
    {
      type: "button",
      class: "switcher",
      title: "Switch user",
      "aria-label": `You are ${nameOf(me())}. Switch user`,
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      onclick: (event) => openMenu(event.currentTarget, "Switch user", entries),
    },
    avatar(me()),
    h("span", null, nameOf(me())),
    icon("down"),
  );
}

function become(person) {
  const query = new URLSearchParams({ user: person.name });
  history.pushState(null, "", `${location.pathname}?${query}${location.hash}`);
  connect(person.name);
}

function drawAppState() {
  const sockets = store.workspace.connected;
  if (store.workspace.down) return state("off", "The workspace is down", "Every call is answered with 503");
  if (sockets) return state("on", `${app().name} is connected`, sockets > 1 ? `${sockets} connections` : null);
  return state("off", `${app().name} is not connected`);
}

function state(className, text, detail) {
  const words = h("span", null, text, detail && h("small", null, detail));
  return h("p", { class: `app-state ${className}`, role: "status" }, h("span", { class: "lamp" }), words);
}

function drawFaults() {
  const { faults, down } = store.workspace;
  if (!faults.length && !down) return null;
  const clear = async () => {
    const answer = await post("faults", { user: undefined, action: "clear" });
    if (!answer.ok) notice(answer.error);
  };
  const names = faults.map((each) => {
    const how = Object.entries(each).filter(([name, value]) => value && !["method", "times"].includes(name));
    const what = how.map(([name, value]) => (value === true ? name : `${name} ${value}`)).join(", ");
    return h("li", null, `${each.method}: ${what}${each.times === null ? "" : ` ×${each.times}`}`);
  });
  return h(
    "div",
    { class: "faults" },
    h("strong", null, "Faults on demand"),
    h("ul", null, names),
    linkButton("Clear faults", clear),
  );
}
