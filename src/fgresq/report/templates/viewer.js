"use strict";

// Each entry of `contents` has a name, perhaps a note, and images, each with a name, a label to choose it by, a detail to
// show beside its name, an alternative text, and where its pixels are: the number of a list, and the place in it.

// State: `zoom` is screen pixels per image pixel of the box, `x` and `y` the box's corner in the pane (CSS pixels).
// `box` is the size both images are shown in, in pixels of the one chosen as left.
const view = { zoom: 1, x: 0, y: 0, box: { width: 1, height: 1 }, fitted: true, wipe: 50, flipped: false, content: 0 };
const byId = (id) => document.getElementById(id);
const contents = JSON.parse(byId("index").textContent);
const stage = byId("stage"), handle = byId("handle");
const panes = [byId("pane-left"), byId("pane-right")];
const images = [byId("image-left"), byId("image-right")];
const picks = [byId("pick-left"), byId("pick-right")];
const tags = [byId("tag-left"), byId("tag-right")];
const pickContent = byId("pick-content");
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
let parsed = { number: -1, uris: [] };
let loading = 0;

function pixelsOf({ list, place }) {
  // One list is parsed at a time: all together may be longer than a string can be.
  if (parsed.number !== list) parsed = { number: list, uris: JSON.parse(byId("images-" + list).textContent) };
  return parsed.uris[place];
}

// ---- Choosing images

function fill(select, texts, chosen) {
  select.replaceChildren(...texts.map((text, number) => new Option(text, number)));
  select.value = chosen;
}

function chooseContent(number, left, right) {
  const candidates = contents[number].images;
  const placeOf = (name, otherwise) => {
    const found = candidates.findIndex((image) => image.name === name);
    return found >= 0 ? found : Math.min(otherwise, candidates.length - 1);
  };
  const texts = candidates.map((image) => image.label);
  pickContent.value = number;
  fill(picks[0], texts, placeOf(left, 0));
  fill(picks[1], texts, placeOf(right, 1));
  view.fitted = true;
  load();
}

function goTo(number) {
  // The same two algorithms, where the next content has them.
  const [left, right] = picks.map((pick) => contents[view.content].images[pick.value].name);
  chooseContent(number, left, right);
}

async function load() {
  const turn = ++loading;
  view.content = Number(pickContent.value);
  const candidates = contents[view.content].images;
  view.flipped = false;
  stage.setAttribute("aria-busy", "true");
  images.forEach((image, side) => { image.src = pixelsOf(candidates[picks[side].value]); });
  try {
    await Promise.all(images.map((image) => image.decode()));
  } catch (error) {
    if (turn === loading) byId("sizes").textContent = "This browser can’t show one of the two images: " + error.message;
    return;
  } finally {
    if (turn === loading) stage.removeAttribute("aria-busy");
  }
  if (turn !== loading) return;
  const { naturalWidth: width, naturalHeight: height } = images[0];
  if (width !== view.box.width || height !== view.box.height) view.fitted = true;
  view.box = { width, height };
  images.forEach((image) => { image.style.width = width + "px"; image.style.height = height + "px"; });
  describe();
  refresh();
}

function describe() {
  const candidates = contents[view.content].images;
  picks.forEach((pick, side) => {
    const { name, detail, alt } = candidates[pick.value];
    tags[side].replaceChildren(Object.assign(document.createElement("bdi"), { textContent: name }), detail);
    images[view.flipped ? 1 - side : side].alt = alt;
  });
  const [a, b] = images.map((image) => `${image.naturalWidth} × ${image.naturalHeight} px`);
  const names = [...picks].map((pick) => candidates[pick.value].name);
  if (view.flipped) names.reverse();
  const sizes = a === b ? a : `Sizes differ: ${names[1]} has ${b} and is scaled to the ${a} of ${names[0]}.`;
  byId("sizes").textContent = [sizes, contents[view.content].note].filter(Boolean).join(" · ");
}

function flip() {
  view.flipped = !view.flipped;
  [picks[0].value, picks[1].value] = [picks[1].value, picks[0].value];
  describe();
  paint();
}

// ---- Zoom and pan, the same for both panes

const paneSize = () => ({ width: panes[0].clientWidth, height: panes[0].clientHeight });

function fitZoom() {
  const pane = paneSize(), pixel = window.devicePixelRatio;
  return Math.min((pane.width * pixel) / view.box.width, (pane.height * pixel) / view.box.height, 1);
}

function zoomTo(zoom, at = { x: paneSize().width / 2, y: paneSize().height / 2 }) {
  const next = clamp(zoom, fitZoom(), 32), factor = next / view.zoom;
  view.x = at.x - (at.x - view.x) * factor;
  view.y = at.y - (at.y - view.y) * factor;
  view.zoom = next;
  view.fitted = next === fitZoom();
  paint();
}

function move(dx, dy) {
  view.x += dx;
  view.y += dy;
  paint();
}

function refresh() {
  zoomTo(view.fitted ? fitZoom() : view.zoom);
}

function settle(offset, extent, room) {
  // Smaller than the pane: centred. Larger: no gap at an edge. Whole screen pixels keep 1:1 sharp.
  const place = extent <= room ? (room - extent) / 2 : clamp(offset, room - extent, 0);
  return Math.round(place * window.devicePixelRatio) / window.devicePixelRatio;
}

function paint() {
  const scale = view.zoom / window.devicePixelRatio, pane = paneSize();
  view.x = settle(view.x, view.box.width * scale, pane.width);
  view.y = settle(view.y, view.box.height * scale, pane.height);
  for (const image of images) {
    image.style.transform = `translate(${view.x}px, ${view.y}px) scale(${scale})`;
    image.style.imageRendering = view.zoom >= 1 ? "pixelated" : "auto";
  }
  stage.classList.toggle("flipped", view.flipped);
  stage.style.setProperty("--wipe", view.wipe + "%");
  handle.setAttribute("aria-valuenow", Math.round(view.wipe));
  byId("zoom-level").textContent = Math.round(view.zoom * 100) + "%";
}

function setMode(mode) {
  const before = paneSize();
  stage.dataset.mode = mode;
  const after = paneSize();
  view.x += (after.width - before.width) / 2;
  view.y += (after.height - before.height) / 2;
  refresh();
}

function inPane({ clientX, clientY }) {
  const rects = panes.map((pane) => pane.getBoundingClientRect());
  const rect = rects.find((r) => clientX >= r.left && clientX < r.right) ?? rects[0];
  return { x: clientX - rect.left, y: clientY - rect.top };
}

// ---- Pointers: the handle wipes, one finger pans, two zoom

function setWipe(percent) {
  view.wipe = clamp(percent, 0, 100);
  paint();
}

handle.addEventListener("pointerdown", (event) => {
  event.stopPropagation();
  handle.setPointerCapture(event.pointerId);
});
handle.addEventListener("pointermove", (event) => {
  if (!handle.hasPointerCapture(event.pointerId)) return;
  const rect = stage.getBoundingClientRect();
  setWipe(((event.clientX - rect.left) / rect.width) * 100);
});

const fingers = new Map();
const distance = (a, b) => Math.max(Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY), 1);
stage.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  stage.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, event);
});
stage.addEventListener("pointermove", (event) => {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  const other = [...fingers.values()].find((finger) => finger.pointerId !== event.pointerId);
  fingers.set(event.pointerId, event);
  if (other) zoomTo((view.zoom * distance(event, other)) / distance(before, other), inPane(other));
  else move(event.clientX - before.clientX, event.clientY - before.clientY);
});
for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
  stage.addEventListener(end, (event) => fingers.delete(event.pointerId));
}
stage.addEventListener("wheel", (event) => {
  event.preventDefault();
  const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
  zoomTo(view.zoom * Math.exp(clamp(-event.deltaY * lines, -400, 400) * 0.002), inPane(event));
}, { passive: false });

// ---- Keys

const stageKeys = {
  "+": () => zoomTo(view.zoom * 1.25),
  "=": () => zoomTo(view.zoom * 1.25),
  "-": () => zoomTo(view.zoom / 1.25),
  "0": () => zoomTo(fitZoom()),
  "1": () => zoomTo(1),
  " ": flip,
  ArrowLeft: () => move(40, 0),
  ArrowRight: () => move(-40, 0),
  ArrowUp: () => move(0, 40),
  ArrowDown: () => move(0, -40),
};
const handleKeys = {
  ArrowLeft: (event) => setWipe(view.wipe - (event.shiftKey ? 10 : 1)),
  ArrowRight: (event) => setWipe(view.wipe + (event.shiftKey ? 10 : 1)),
  Home: () => setWipe(0),
  End: () => setWipe(100),
};
stage.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const act = (event.target === handle && handleKeys[event.key]) || stageKeys[event.key];
  if (!act) return;
  event.preventDefault();
  act(event);
});

// ---- Controls

byId("zoom-in").addEventListener("click", () => zoomTo(view.zoom * 1.25));
byId("zoom-out").addEventListener("click", () => zoomTo(view.zoom / 1.25));
byId("zoom-fit").addEventListener("click", () => zoomTo(fitZoom()));
byId("zoom-native").addEventListener("click", () => zoomTo(1));
byId("swap").addEventListener("click", flip);
picks.forEach((pick) => pick.addEventListener("change", load));
pickContent.addEventListener("change", () => goTo(Number(pickContent.value)));
[["previous", -1], ["next", 1]].forEach(([id, step]) => {
  byId(id).disabled = contents.length === 1;
  byId(id).addEventListener("click", () => goTo((view.content + step + contents.length) % contents.length));
});
document.querySelectorAll("input[name=mode]").forEach((radio) => radio.addEventListener("change", () => setMode(radio.value)));
document.querySelectorAll("button[data-image]").forEach((button) => button.addEventListener("click", () => {
  // The best on the left, the one that was asked for on the right; for the best itself, the second.
  const number = Number(button.dataset.content), chosen = Number(button.dataset.image), { images: shown } = contents[number];
  chooseContent(number, shown[0].name, shown[Math.max(chosen, 1)]?.name);
  byId("viewer").scrollIntoView();
  stage.focus({ preventScroll: true });
}));
new ResizeObserver(refresh).observe(stage);

fill(pickContent, contents.map((content) => content.name), 0);
chooseContent(0);
