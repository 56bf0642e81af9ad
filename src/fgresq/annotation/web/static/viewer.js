// Two images in two panes, or in the same place, with one zoom and one position for both.
// `zoom` is screen pixels per image pixel; at 1 every image pixel is exactly one pixel of the screen, whatever the
// browser's zoom and the screen's density. (`x`, `y`) is the image point in the middle of a pane, from the image's middle.
const LEVELS = [1, 2, 3, 4, 6, 8, 12, 16];
const GAP = 16;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export class Viewer {
  constructor(stage, panes, level) {
    Object.assign(this, { stage, panes, level, images: [], zoom: 1, x: 0, y: 0, fitted: false });
    new ResizeObserver(() => this.paint()).observe(stage);
    window.addEventListener("resize", () => this.paint()); // the browser's own zoom changes the density, not the size
    this.#listen();
  }

  show(images) {
    this.images = images;
    images.forEach((image, side) => {
      this.panes[side].querySelector("img")?.remove();
      image.alt = side === 0 ? "left image" : "right image";
      image.draggable = false;
      this.panes[side].append(image);
    });
    this.stage.classList.remove("flipped");
    [this.x, this.y, this.zoom, this.fitted] = [0, 0, 1, false];
    this.paint();
  }

  get mode() { return this.stage.dataset.mode; }

  setMode(mode) {
    this.stage.dataset.mode = mode;
    this.paint();
  }

  flip() {
    // The first press shows the left image in place, each further one the other.
    if (this.mode === "side") {
      this.stage.classList.remove("flipped");
      this.setMode("place");
    } else this.stage.classList.toggle("flipped");
  }

  zoomTo(zoom, at = null) {
    // The image point under `at` (screen pixels from the pane's middle) stays where it is.
    const next = clamp(zoom, Math.min(this.#fit(), 1), LEVELS.at(-1));
    if (at) {
      this.x += at.x / this.zoom - at.x / next;
      this.y += at.y / this.zoom - at.y / next;
    }
    this.fitted = false;
    this.zoom = next;
    this.paint();
  }

  zoomFit() {
    this.fitted = true;
    this.paint();
  }

  step(direction, at = null) {
    const level = direction > 0 ? LEVELS.find((l) => l > this.zoom) : LEVELS.findLast((l) => l < this.zoom);
    if (level) this.zoomTo(level, at);
    else if (direction < 0) this.zoomFit();
  }

  move(dx, dy) {
    // By screen pixels.
    this.x -= dx / this.zoom;
    this.y -= dy / this.zoom;
    this.paint();
  }

  #fit() {
    const { width, height } = this.#rooms()[0];
    const shares = this.images.map((image) => Math.min(width / image.naturalWidth, height / image.naturalHeight));
    return Math.min(...shares, 1);
  }

  #rooms() {
    // Where each pane is, in whole screen pixels. A pane is the whole window with a hole cut to its place: an image is
    // then placed from the window's corner, which is a whole pixel at every density, and not from that of a box
    // which the browser rounds in its own way.
    const pixel = window.devicePixelRatio, stage = this.stage.getBoundingClientRect();
    const [left, top] = [Math.ceil(stage.left * pixel), Math.ceil(stage.top * pixel)];
    const [right, bottom] = [Math.floor(stage.right * pixel), Math.floor(stage.bottom * pixel)];
    const beside = this.mode === "side";
    const width = beside ? Math.floor((right - left - GAP * pixel) / 2) : right - left;
    return [0, 1].map((side) => ({ left: beside && side === 1 ? right - width : left, top, width, height: bottom - top }));
  }

  paint() {
    const pixel = window.devicePixelRatio, rooms = this.#rooms();
    const sides = [...this.panes.entries()];
    for (const [side, pane] of sides) {
      const { left, top, width, height } = rooms[side];
      const [right, bottom] = [left + width, top + height];
      const corners = [[left, top], [right, top], [right, bottom], [left, bottom]];
      pane.style.clipPath = `polygon(${corners.map(([x, y]) => `${x / pixel}px ${y / pixel}px`).join(", ")})`;
    }
    if (!this.images.length) return;
    if (this.fitted) [this.zoom, this.x, this.y] = [this.#fit(), 0, 0];
    const spare = (length, size) => Math.max(0, (size - length / this.zoom) / 2);
    const limit = (length, size) => Math.max(...sides.map(([side]) => spare(rooms[side][length], this.images[side][size])));
    const [most, highest] = [limit("width", "naturalWidth"), limit("height", "naturalHeight")];
    this.x = clamp(this.x, -most, most);
    this.y = clamp(this.y, -highest, highest);
    for (const [side, image] of this.images.entries()) {
      const { left, top, width, height } = rooms[side];
      const x = Math.round(left + width / 2 - (image.naturalWidth / 2 + this.x) * this.zoom) / pixel;
      const y = Math.round(top + height / 2 - (image.naturalHeight / 2 + this.y) * this.zoom) / pixel;
      image.style.width = image.naturalWidth + "px";
      image.style.height = image.naturalHeight + "px";
      image.style.transform = `translate(${x}px, ${y}px) scale(${this.zoom / pixel})`;
      image.style.imageRendering = this.zoom >= 1 ? "pixelated" : "auto";
    }
    this.level.textContent = Math.round(this.zoom * 100) + " %";
  }

  #fromMiddle({ clientX, clientY }) {
    const pixel = window.devicePixelRatio, [x, y] = [clientX * pixel, clientY * pixel];
    const room = this.#rooms().findLast(({ left }) => x >= left) ?? this.#rooms()[0];
    return { x: x - room.left - room.width / 2, y: y - room.top - room.height / 2 };
  }

  #listen() {
    const fingers = new Map();
    const distance = (a, b) => Math.max(Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY), 1);
    for (const pane of this.panes) {
      pane.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        pane.setPointerCapture(event.pointerId);
        fingers.set(event.pointerId, event);
      });
      pane.addEventListener("pointermove", (event) => {
        const before = fingers.get(event.pointerId);
        if (!before) return;
        const other = [...fingers.values()].find((finger) => finger.pointerId !== event.pointerId);
        fingers.set(event.pointerId, event);
        const pixel = window.devicePixelRatio;
        if (other) this.zoomTo((this.zoom * distance(event, other)) / distance(before, other), this.#fromMiddle(other));
        else this.move((event.clientX - before.clientX) * pixel, (event.clientY - before.clientY) * pixel);
      });
      for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
        pane.addEventListener(end, (event) => fingers.delete(event.pointerId));
      }
      pane.addEventListener("wheel", (event) => {
        event.preventDefault();
        this.#wheel(event);
      }, { passive: false });
    }
  }

  #turned = 0;

  #wheel(event) {
    this.#turned += event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1);
    if (Math.abs(this.#turned) < 50) return;
    this.step(-Math.sign(this.#turned), this.#fromMiddle(event));
    this.#turned = 0;
  }
}
