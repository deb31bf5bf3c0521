// What a screen reader learns of the panel that this widget stands in. ipywidgets' sliders have no name, and
// the place in a list as their value; its pictures have no text; and what has changed is not spoken. And keys
// that belong to the panel.

const REST_MS = 500; // what a slider passes on its way is not spoken
const KEYS = /^(Arrow(Up|Down|Left|Right)|Home|End|Page(Up|Down))$/;
const MOVED = ".noUi-handle, select, .course-fold > :last-child"; // by these keys

export default {
  render({ el }) {
    let detach, waiting;
    const wait = () => { // the page takes a widget in after it has been rendered
      if (el.isConnected) detach = attach(el, el.closest(".course-panel"));
      else waiting = requestAnimationFrame(wait);
    };
    wait();
    return () => (detach ? detach() : cancelAnimationFrame(waiting));
  },
};

// Label all that the panel has and gets, and speak its new sentences. Returns how to stop.
function attach(el, panel) {
  const tell = panel.matches(".course-quiz") ? () => {} : teller(el, panel); // an answer speaks for itself
  const changes = new MutationObserver(() => {
    label(panel);
    tell();
  });
  const watched = { attributeFilter: ["aria-valuetext", "class"], childList: true, characterData: true };
  changes.observe(panel, { subtree: true, ...watched });
  label(panel);
  const keys = (event) => keep(event, panel);
  window.addEventListener("keydown", keys, true);
  return () => {
    changes.disconnect();
    window.removeEventListener("keydown", keys, true);
  };
}

// A key that moves what it is pressed on is no shortcut to another cell, as it is on lists in JupyterLab and
// on sliders in Notebook 7. All other shortcuts stay: Shift+Enter still runs the cell.
function keep(event, panel) {
  const there = event.target, mark = "data-lm-suppress-shortcuts";
  if (!KEYS.test(event.key) || !panel.contains(there) || !there.matches(MOVED)) return;
  there.setAttribute(mark, "true");
  setTimeout(() => there.removeAttribute(mark));
}

// A function to be called after every change: once there is rest, what is new goes into a live region in el.
function teller(el, panel) {
  const news = el.appendChild(document.createElement("div"));
  news.className = "course-news";
  news.setAttribute("role", "status");
  news.style.cssText = "position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%)";
  let spoken, timer;
  for (const arrival of ["focusin", "pointerdown"]) // until somebody is here, there is no news
    panel.addEventListener(arrival, () => { spoken ??= sentences(panel); }, { once: true });
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!spoken) return;
      const told = sentences(panel), fresh = [...told].filter(([node, text]) => spoken.get(node) !== text);
      if (fresh.length) news.textContent = fresh.map(([, text]) => text).join(" ");
      spoken = told;
    }, REST_MS);
  };
}

// The sentences that are seen, by their places on the page.
function sentences(panel) {
  const seen = [...panel.querySelectorAll(".course-told")].filter((told) => told.getClientRects().length);
  return new Map(seen.map((told) => [told, words(told)]));
}

function label(panel) {
  const all = (part) => panel.querySelectorAll(part);
  all(".widget-slider").forEach(slider);
  for (const image of all("img.widget-image")) set(image, "alt", words(image.nextElementSibling));
  for (const fold of all(".course-fold")) {
    name(fold.lastElementChild, "group", words(fold.querySelector("summary")));
    set(fold.lastElementChild, "tabindex", "0"); // the arrow keys scroll it
  }
  for (const option of all(".course-option")) point(option.firstElementChild, "describedby", option.lastElementChild);
  for (const icon of all(".course-option i")) set(icon, "aria-hidden", "true"); // or it is part of the name
  for (const answer of all(".course-answer > :last-child")) set(answer, "role", "status");
  if (panel.matches(".course-quiz")) {
    set(panel, "role", "group");
    point(panel, "labelledby", panel.firstElementChild);
  }
}

function slider(whole) {
  const [handle, title, value] = [".noUi-handle", ".widget-label", ".widget-readout"]
    .map((part) => whole.querySelector(part));
  if (!handle) return; // it comes a moment later
  const called = /^(null)?$/.test(title.title) ? words(title) : title.title; // null: there is no tooltip
  name(handle, "slider", called);
  set(handle, "aria-valuetext", words(value));
  if (value.isContentEditable) name(value, "textbox", called);
}

function name(node, role, text) {
  set(node, "role", role);
  set(node, "aria-label", text);
}

function point(node, relation, target) {
  if (!target.id) target.id = `course-${Math.random().toString(36).slice(2)}`;
  set(node, `aria-${relation}`, target.id);
}

// Only what differs is written, or every writing would call the observer again.
function set(node, attribute, value) {
  if (node.getAttribute(attribute) !== value) node.setAttribute(attribute, value);
}

function words(node) {
  return node ? node.textContent.replaceAll("\u00a0", " ").trim() : "";
}
