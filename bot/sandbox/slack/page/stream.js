/** A column of messages: keeps its place while it changes, follows the end when it is there, offers a toolbar. */

import { iconButton } from "./controls.js";
import { dayHeading, dayOf, moment } from "./dates.js";
import { h, lazy, render } from "./dom.js";
import { icon } from "./icons.js";
import { drawMessage, marksOf, openMessageMenu, openReactions } from "./message.js";
import { go, me } from "./store.js";

const SAME_BREATH = 5 * 60;
/** Seconds within which a person's messages stand under one name. */
const NEAR_END = 40;
/** Pixels from the end that still count as being there. */

/** Make a column of messages inside this element; `onend` is called when its end is scrolled to. */
export function createStream(frame, onend = () => {}) {
  const scroller = Object.assign(document.createElement("div"), { className: "scroller", tabIndex: -1 });
  const rows = Object.assign(document.createElement("div"), { className: "rows" });
  const toolbar = Object.assign(document.createElement("div"), { className: "toolbar", hidden: true });
  const below = document.createElement("div");
  scroller.append(rows, toolbar);
  frame.append(scroller, below);
  rows.setAttribute("role", "log");
  rows.setAttribute("aria-relevant", "additions");

  let shown = null;
  let atEnd = true;
  let lastSeen = "";
  let content = { messages: [], channel: null, inThread: false };

  const toEnd = () => {
    scroller.scrollTop = scroller.scrollHeight;
    atEnd = true;
  };
  const rowOf = (ts) => rows.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
  const messageOf = (row) => content.messages.find((each) => each.ts === row.dataset.ts);

  /**
   * Show messages.
   * @param {string} key what is shown, e.g. a channel's id: another key starts at the end, or at what is new.
   * @param {Object} what messages, channel (id), label, inThread, newSince (ts or null), head (descriptions
   *   above them), target (ts of a message to show first, or null)
   */
  function show(key, what) {
    const isOther = key !== shown;
    const last = what.messages.at(-1);
    const isOwnNews = last && last.ts > lastSeen && last.user === me() && !last.bot_id;
    content = what;
    rows.setAttribute("aria-label", what.label);
    render(rows, what.head, drawRows(what));
    if (isOther) {
      shown = key;
      hideToolbar();
      toEnd();
      const first = what.target ? rowOf(what.target) : rows.querySelector(".new-line");
      first?.scrollIntoView({ block: "center" });
      atEnd = isNearEnd();
    } else if (atEnd || isOwnNews) {
      toEnd();
    }
    if (atEnd) lastSeen = last?.ts ?? "";
    drawPill();
    settleToolbar();
    setTabStop();
  }

  function isNearEnd() {
    return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END;
  }

  function drawPill() {
    const news = atEnd ? [] : content.messages.filter((each) => each.ts > lastSeen && each.user !== me());
    const text = `${news.length} new ${news.length === 1 ? "message" : "messages"}`;
    const jump = () => {
      toEnd();
      onend();
    };
    const props = { type: "button", class: "pill", onclick: jump };
    render(below, news.length > 0 && h("button", props, icon("down"), text));
  }

  let top = 0;
  scroller.onscroll = () => {
    const wasAtEnd = atEnd;
    // Only scrolling up leaves the end; when the column gets shorter instead, it is followed (below).
    atEnd = isNearEnd() || (atEnd && scroller.scrollTop >= top);
    top = scroller.scrollTop;
    if (atEnd) lastSeen = content.messages.at(-1)?.ts ?? "";
    drawPill();
    if (atEnd && !wasAtEnd) onend();
  };
  const follow = new ResizeObserver(() => atEnd && toEnd());
  follow.observe(rows);
  follow.observe(scroller);

  // The toolbar of the message under the mouse, or last touched.
  let pointed = null;

  function point(row) {
    pointed = row;
    const message = row && messageOf(row);
    if (!message || message.is_ephemeral || message.subtype === "tombstone") {
      hideToolbar();
      return;
    }
    const act = (name, label, onclick) => iconButton(name, label, onclick, { tabIndex: -1 });
    const { channel } = content;
    render(
      toolbar,
      act("smile", "Add reaction", (event) => openReactions(event.currentTarget, message, channel)),
      !content.inThread && act("reply", "Reply in thread", () => go(channel, message.thread_ts ?? message.ts)),
      act("more", "More actions", (event) => openMessageMenu(event.currentTarget, message, channel)),
    );
    toolbar.hidden = false;
    settleToolbar();
  }

  function hideToolbar() {
    pointed = null;
    toolbar.hidden = true;
  }

  function settleToolbar() {
    if (!pointed) return;
    if (pointed.isConnected) toolbar.style.top = `${pointed.offsetTop - 14}px`;
    else hideToolbar();
  }

  const messageAt = (event) => event.target.closest?.(".message");
  scroller.onpointerover = (event) => {
    if (toolbar.contains(event.target)) return;
    const row = messageAt(event);
    if (row && row !== pointed) point(row);
  };
  frame.onpointerleave = () => {
    if (!toolbar.querySelector("[aria-expanded=true]")) hideToolbar();
  };

  // One message is a tab stop; arrows go from message to message, Enter opens the message's menu.
  let stop = null;

  function setTabStop() {
    if (stop?.isConnected && rows.contains(document.activeElement)) return;
    moveTabStop(rows.querySelector(".message:last-of-type"));
  }

  function moveTabStop(row) {
    if (row === stop) return;
    if (stop) stop.tabIndex = -1;
    stop = row;
    if (stop) stop.tabIndex = 0;
  }

  rows.addEventListener("focusin", (event) => {
    const row = messageAt(event);
    if (row) moveTabStop(row);
  });
  rows.onkeydown = (event) => {
    if (!event.target.matches(".message")) return;
    const all = [...rows.querySelectorAll(".message")];
    const here = all.indexOf(event.target);
    const to = { ArrowUp: here - 1, ArrowDown: here + 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all[Math.max(0, Math.min(to, all.length - 1))].focus();
    } else if (event.key === "Enter" || event.key === "ContextMenu") {
      const message = messageOf(event.target);
      event.preventDefault();
      if (message && !message.is_ephemeral) openMessageMenu(event.target, message, content.channel);
    }
  };

  return { show, get atEnd() { return atEnd; } };
}

function drawRows({ messages, channel, inThread, newSince }) {
  const rows = [];
  let before = null;
  let isMarked = newSince === null || newSince === undefined;
  for (const message of messages) {
    const day = dayOf(moment(message.ts));
    const isNewDay = !before || day !== dayOf(moment(before.ts));
    const startsNew = !isMarked && message.ts > newSince && message.user !== me();
    if (isNewDay && !inThread) rows.push(separator("day", day, dayHeading(message.ts)));
    if (startsNew) {
      isMarked = true;
      rows.push(separator("new-line", "new", "New"));
    }
    const compact = !isNewDay && !startsNew && isSameBreath(before, message);
    const marks = marksOf(message, channel);
    rows.push(lazy(message.ts, drawMessage, message, channel, compact, inThread, ...marks, today()));
    before = message;
  }
  return rows;
}

function separator(className, key, text) {
  return h("div", { key, class: className, role: "separator" }, h("span", null, text));
}

function isSameBreath(before, message) {
  const alike = before.user === message.user && !before.is_ephemeral && !message.is_ephemeral;
  return alike && !before.bot_id && !message.bot_id && message.ts - before.ts < SAME_BREATH;
}

/** Part of what a message depends on, as it says "today" and "yesterday". */
const today = () => dayOf(new Date());
