/**
 * Draws the page from plain descriptions and keeps its elements: focus, typed text and scroll survive a redraw.
 *
 * A description is made by h() or lazy(). Text always becomes a text node, never HTML.
 */

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "path", "circle", "rect"]);
/** Set on the element itself, and only when the description changes: what a person typed or picked stays. */
const PROPERTIES = new Set(["value", "checked", "disabled", "open", "hidden", "tabIndex"]);

const drawn = new WeakMap();

/**
 * Describe an element.
 * @param {string} tag
 * @param {?Object} props attributes; `key` to be found again among its siblings, `on…` a listener, `ref` a
 *   function that gets the element once it is on the page.
 * @param {...*} children descriptions, strings, arrays of them; null and false leave a gap.
 */
export function h(tag, props, ...children) {
  const { key, ref, ...rest } = props ?? {};
  return { tag, key, ref, props: rest, children: flat(children) };
}

/** Describe what draw(...args) describes; it is drawn again only when an argument is another one. */
export function lazy(key, draw, ...args) {
  return { draw, key, args };
}

/** Make the element's children what is described, keeping every child whose key and tag stay the same. */
export function render(parent, ...children) {
  const now = flat(children);
  reconcile(parent, drawn.get(parent) ?? [], now);
  drawn.set(parent, now);
}

function flat(children, path = "~") {
  return children.flatMap((child, index) => {
    if (child === null || child === undefined || child === "" || typeof child === "boolean") return [];
    const place = `${path}${index}`;
    if (Array.isArray(child)) return flat(child, `${place}.`);
    if (typeof child !== "object") return [{ text: String(child), key: place }];
    child.key ??= place;
    return [child];
  });
}

function reconcile(parent, was, now) {
  const left = new Map(was.map((node) => [node.key, node]));
  for (const node of now) {
    const before = left.get(node.key);
    if (before && alike(before, node)) {
      left.delete(node.key);
      update(before, node);
    } else {
      create(node);
    }
  }
  for (const gone of left.values()) gone.element.remove();
  let next = parent.firstChild;
  for (const node of now) {
    if (node.element === next) next = next.nextSibling;
    else parent.insertBefore(node.element, next);
  }
}

function alike(one, other) {
  return one.tag === other.tag && one.draw === other.draw && ("text" in one) === ("text" in other);
}

function create(node) {
  if ("text" in node) {
    node.element = document.createTextNode(node.text);
  } else if (node.draw) {
    node.inner = node.draw(...node.args);
    create(node.inner);
    node.element = node.inner.element;
  } else {
    const svg = SVG_TAGS.has(node.tag);
    node.element = svg ? document.createElementNS(SVG, node.tag) : document.createElement(node.tag);
    for (const [name, value] of Object.entries(node.props)) set(node.element, name, value);
    reconcile(node.element, [], node.children);
    if (node.ref) queueMicrotask(() => node.ref(node.element));
  }
}

function update(before, node) {
  node.element = before.element;
  if ("text" in node) {
    if (node.text !== before.text) node.element.data = node.text;
  } else if (node.draw) {
    redraw(before, node);
  } else {
    for (const name of Object.keys(before.props)) {
      if (!(name in node.props)) set(node.element, name, null);
    }
    for (const [name, value] of Object.entries(node.props)) {
      if (value !== before.props[name]) set(node.element, name, value);
    }
    reconcile(node.element, before.children, node.children);
  }
}

function redraw(before, node) {
  const same = node.args.every((arg, index) => arg === before.args[index]);
  node.inner = same ? before.inner : node.draw(...node.args);
  if (same) return;
  if (alike(before.inner, node.inner)) {
    update(before.inner, node.inner);
  } else {
    create(node.inner);
    before.element.replaceWith(node.inner.element);
  }
  node.element = node.inner.element;
}

function set(element, name, value) {
  if (name.startsWith("on")) element[name] = value ?? null;
  else if (PROPERTIES.has(name)) element[name] = value ?? (typeof element[name] === "boolean" ? false : "");
  else if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : value);
}
