// Two images in two panes, or in the same place, with one zoom and one position for both.
// `zoom` is screen pixels per image pixel; at 1 every image pixel is exactly one pixel of the screen, whatever the
// browser's zoom and the screen's density. (`x`, `y`) is the image point in the middle of a pane, from the image's middle.
const LEVELS = [1, 2, 3, 4, 6, 8, 12, 16];
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
    const pixel = window.devicePixelRatio, pane = this.panes[0];
    const shares = this.images.map((image) => Math.min(
      (pane.clientWidth * pixel) / image.naturalWidth, (pane.clientHeight * pixel) / image.naturalHeight));
    return Math.min(...shares, 1);
  }

  paint() {
    if (!this.images.length) return;
    if (this.fitted) [this.zoom, this.x, this.y] = [this.#fit(), 0, 0];
    const pixel = window.devicePixelRatio;
    const room = { x: 0, y: 0 };
    for (const [side, image] of this.images.entries()) {
      const pane = this.panes[side];
      room.x = Math.max(room.x, (image.naturalWidth - (pane.clientWidth * pixel) / this.zoom) / 2);
      room.y = Math.max(room.y, (image.naturalHeight - (pane.clientHeight * pixel) / this.zoom) / 2);
    }
    this.x = clamp(this.x, -room.x, room.x);
    this.y = clamp(this.y, -room.y, room.y);
    for (const [side, image] of this.images.entries()) {
      const rect = this.panes[side].getBoundingClientRect();
      const corner = (start, length, size, offset) =>
        Math.round(start * pixel + (length * pixel) / 2 - (size / 2 + offset) * this.zoom) / pixel - start;
      const left = corner(rect.left, rect.width, image.naturalWidth, this.x);
      const top = corner(rect.top, rect.height, image.naturalHeight, this.y);
      image.style.width = image.naturalWidth + "px";
      image.style.height = image.naturalHeight + "px";
      image.style.transform = `translate(${left}px, ${top}px) scale(${this.zoom / pixel})`;
      image.style.imageRendering = this.zoom >= 1 ? "pixelated" : "auto";
    }
    this.level.textContent = Math.round(this.zoom * 100) + " %";
  }

  #fromMiddle({ clientX, clientY }) {
    const rects = this.panes.map((pane) => pane.getBoundingClientRect());
    const rect = rects.find((r) => clientX >= r.left && clientX < r.right) ?? rects[0];
    const pixel = window.devicePixelRatio;
    return { x: (clientX - rect.left - rect.width / 2) * pixel, y: (clientY - rect.top - rect.height / 2) * pixel };
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
