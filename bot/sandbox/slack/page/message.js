/** One message: who, when, what, and what hangs on it. */

import { at, messageSpot, notice, post, shortcut } from "./acts.js";
import { drawBlocks } from "./blocks.js";
import { linkButton, wordButton } from "./controls.js";
import { clockTime, dayAndTime, fullTime } from "./dates.js";
import { asked } from "./dialog.js";
import { h } from "./dom.js";
import { REACTIONS, emoji } from "./emoji.js";
import { icon } from "./icons.js";
import { markdown } from "./markdown.js";
import { mrkdwn, plainEntities } from "./mrkdwn.js";
import { openMenu } from "./popup.js";
import { app, changed, go, me, nameOf, store, user } from "./store.js";

const COLOURS = 6;

/** What a message's drawing depends on beside the message. */
export const marksOf = (message, channel) => [
  at(messageSpot(channel, message.ts)).version,
  store.editing === message.ts,
  store.target === message.ts,
];

/**
 * Draw a message; all arguments together decide its look, so it is redrawn only when one changes.
 * @param {Object} message
 * @param {string} channel its id
 * @param {boolean} compact whether it follows another by the same person: without name and picture
 * @param {boolean} inThread whether it is shown in its thread
 * @param {Array} marks marksOf the message, spread
 */
export function drawMessage(message, channel, compact, inThread, _version, isEdited, isTarget) {
  const spot = { ...messageSpot(channel, message.ts), side: inThread ? "thread" : "" };
  const classes = ["message"];
  if (compact) classes.push("compact");
  if (message.is_ephemeral) classes.push("ephemeral");
  if (isTarget) classes.push("target");
  return h(
    "article",
    {
      class: classes.join(" "),
      tabIndex: -1,
      "data-ts": message.ts,
      "aria-label": `${nameOf(message.user)}, ${dayAndTime(message.ts)}`,
    },
    h("div", { class: "gutter" }, compact ? stamp(message, true) : avatar(message.user)),
    h(
      "div",
      { class: "body" },
      message.is_ephemeral && remark("eye", "Only visible to you"),
      message.subtype === "thread_broadcast" && !inThread && remark("reply", "Also sent from a thread"),
      !compact && byline(message),
      isEdited ? drawEditor(message, channel) : drawContent(spot, message),
      message.is_ephemeral && dismissal(message),
      drawReactions(message, channel),
      !inThread && drawReplies(message, channel),
    ),
  );
}

/** The picture of a person or the app: initials on a colour of their own. */
export function avatar(id) {
  const words = nameOf(id).split(/\s+/);
  const initials = words.length > 1 ? words[0][0] + words.at(-1)[0] : words[0].slice(0, 1);
  const colour = [...id].reduce((sum, sign) => (sum * 31 + sign.codePointAt(0)) % 997, 7) % COLOURS;
  const isApp = user(id)?.is_bot ?? id === "USLACKBOT";
  return h("span", { class: isApp ? "avatar app" : `avatar colour-${colour}`, "aria-hidden": "true" }, initials);
}

/** Everything that can be done with a message, in its menu. */
export function openMessageMenu(anchor, message, channel) {
  const where = { channel, ts: message.ts };
  const own = message.user === me() && !message.bot_id;
  const shortcuts = app().shortcuts.filter((each) => each.type === "message");
  const link = `${location.origin}/archives/${channel}/p${message.ts.replace(".", "")}`;
  openMenu(anchor, "More actions", [
    ...shortcuts.map((each) => ({
      text: each.name,
      detail: app().name,
      icon: icon("bolt"),
      pick: () => shortcut(each, where),
    })),
    { text: "Reply in thread", icon: icon("reply"), pick: () => go(channel, message.thread_ts ?? message.ts) },
    { text: "Add reaction…", icon: icon("smile"), pick: () => openReactions(anchor, message, channel) },
    { text: "Copy link", icon: icon("link"), pick: () => copy(link) },
    ...(own
      ? [
          { text: "Edit message", icon: icon("edit"), pick: () => edit(message) },
          { text: "Delete message…", icon: icon("trash"), danger: true, pick: () => remove(where) },
        ]
      : []),
  ]);
}

/** The reactions to choose from. */
export function openReactions(anchor, message, channel) {
  const entries = REACTIONS.map((name) => ({
    text: h("span", { "aria-label": name }, emoji(name)),
    pick: () => react(message, channel, name),
  }));
  openMenu(anchor, "Add reaction", entries, "reactions-menu");
}

function drawContent(spot, message) {
  if (message.subtype === "tombstone") return h("p", { class: "tombstone" }, message.text);
  const isEdited = message.edited && !message.bot_id;
  const marks = isEdited && h("small", { class: "edited" }, " (edited)");
  if (message.streaming_state) {
    const isGoing = message.streaming_state === "in_progress";
    const going = isGoing && h("span", { class: "typing", "aria-label": "Writing…" });
    return [markdown(message.text), going, drawBlocks(spot, message.blocks ?? [])];
  }
  // What a person types comes with a rich_text block too, but only the text tells mentions and links apart.
  if (!message.bot_id || !message.blocks?.length) {
    const text = h("div", { class: "text" }, mrkdwn(message.text ?? ""), marks);
    return [text, drawBlocks(spot, []), attached(spot, message)];
  }
  return [drawBlocks(spot, message.blocks), attached(spot, message)];
}

function attached(spot, message) {
  return [attachments(spot, message), files(message)];
}

function files(message) {
  return (message.files ?? []).map((each) => {
    const isPicture = each.mimetype?.startsWith("image/");
    const address = new URL(each.url_private).pathname;
    const shown = isPicture ? h("img", { src: address, alt: each.title, class: "shared" }) : each.name;
    return h("figure", { class: "file" }, h("figcaption", null, each.title), h("a", { href: address }, shown));
  });
}

function attachments(spot, message) {
  const text = (words) => h("div", { class: "text" }, mrkdwn(words));
  return (message.attachments ?? []).map((each) =>
    h(
      "div",
      { class: "attachment" },
      each.pretext && text(each.pretext),
      each.title && h("strong", null, each.title),
      each.blocks ? drawBlocks(spot, each.blocks) : text(each.text ?? each.fallback ?? ""),
    ),
  );
}

function remark(sign, text) {
  return h("p", { class: "remark" }, icon(sign), text);
}

function byline(message) {
  const tag = message.bot_id && h("span", { class: "app-tag" }, "APP");
  return h("div", { class: "byline" }, h("strong", null, nameOf(message.user)), tag, stamp(message));
}

function stamp(message, short = false) {
  const time = clockTime(message.ts);
  return h("span", { class: "stamp", title: fullTime(message.ts) }, short ? time.replace(/ [AP]M$/, "") : time);
}

function dismissal(message) {
  const dismiss = () => {
    store.dismissed.add(message.ts);
    changed();
  };
  return linkButton("Dismiss message", dismiss, "small");
}

function drawReactions(message, channel) {
  if (!message.reactions?.length) return null;
  const pills = message.reactions.map((each) => {
    const mine = each.users.includes(me());
    const who = each.users.map(nameOf).join(", ");
    return h(
      "button",
      {
        type: "button",
        class: mine ? "reaction mine" : "reaction",
        title: `${who} reacted with :${each.name}:`,
        "aria-label": `${each.count} ${each.name}, by ${who}`,
        disabled: mine,
        onclick: () => react(message, channel, each.name),
      },
      emoji(each.name) ?? `:${each.name}:`,
      " ",
      String(each.count),
    );
  });
  return h("div", { class: "reactions" }, pills);
}

function drawReplies(message, channel) {
  if (!message.reply_count) return null;
  const count = `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`;
  return h(
    "button",
    { type: "button", class: "replies", onclick: () => go(channel, message.ts) },
    (message.reply_users ?? []).slice(0, 4).map(avatar),
    h("strong", null, count),
    h("span", null, `Last reply ${dayAndTime(message.latest_reply)}`),
  );
}

function drawEditor(message, channel) {
  const close = () => edit(null);
  const save = async (text) => {
    const answer = await post("edit", { channel, ts: message.ts, text });
    if (answer.ok) close();
    else notice(answer.error);
  };
  let area;
  return h(
    "form",
    {
      class: "editor",
      onsubmit: (event) => {
        event.preventDefault();
        save(area.value);
      },
    },
    h("textarea", {
      class: "field",
      rows: 3,
      "aria-label": "Edit message",
      value: typedText(message),
      ref: (node) => {
        area = node;
        node.focus();
      },
      onkeydown: (event) => {
        if (event.key === "Escape") {
          event.stopPropagation();
          close();
        }
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
          event.preventDefault();
          save(event.target.value);
        }
      },
    }),
    h(
      "div",
      { class: "buttons" },
      wordButton("Cancel", close),
      h("button", { class: "button filled primary" }, "Save"),
    ),
  );
}

/** What was typed, which the rich_text block beside the message keeps as it was. */
function typedText(message) {
  return message.blocks?.[0]?.elements?.[0]?.elements?.[0]?.text ?? plainEntities(message.text);
}

function edit(message) {
  store.editing = message?.ts ?? null;
  changed();
}

async function react(message, channel, name) {
  const answer = await post("react", { channel, ts: message.ts, name });
  if (!answer.ok && answer.error !== "already_reacted") notice(answer.error);
}

async function remove(where) {
  const words = (text) => ({ type: "plain_text", text });
  const question = {
    title: words("Delete message"),
    text: words("It cannot be brought back."),
    confirm: words("Delete"),
    deny: words("Cancel"),
    style: "danger",
  };
  if (!(await asked(question))) return;
  const answer = await post("delete", where);
  if (!answer.ok) notice(answer.error);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    notice("Link copied");
  } catch {
    notice(text);
  }
}
