// A cloud of small dots that stay where they are.

const LEAST_DISC = 2.5; // dots that are larger are seen one by one, and drawn round; others are set as pixels, which is fast

/** Many small dots that stay: they are drawn once, and only new ones are added. */
export class Cloud {
  constructor(panel) {
    this.panel = panel;
    this.canvas = document.createElement("canvas");
    this.ctx = this.canvas.getContext("2d");
    this.key = null;
    this.count = 0;
  }

  /** Show dots 0 … count - 1. key: a text that changes when old dots are no longer right; place(i): [x, y, colour],
   *  the colour as "#rrggbb"; size: the diameter. */
  show(key, count, place, size = 1.6) {
    const {panel} = this;
    const full = [key, panel.canvas.width, panel.canvas.height, panel.x, panel.y, panel.theme.paper, size].join();
    if (full !== this.key || count < this.count) this.#clear(full);
    if (this.count < count && size > LEAST_DISC) this.#discs(count, place, size / 2);
    else if (this.count < count) this.#pixels(count, place, size);
    panel.ctx.save();
    panel.ctx.setTransform(1, 0, 0, 1, 0, 0);
    panel.ctx.drawImage(this.canvas, 0, 0);
    panel.ctx.restore();
  }

  #clear(key) {
    const {canvas, panel} = this, {width, height} = panel.canvas;
    if (canvas.width !== width || canvas.height !== height) this.image = null;
    canvas.width = width;
    canvas.height = height;
    this.image?.data.fill(0);
    Object.assign(this, {key, count: 0});
  }

  #discs(count, place, radius) {
    const {ctx, panel} = this;
    ctx.setTransform(panel.scale, 0, 0, panel.scale, 0, 0);
    for (; this.count < count; this.count++) {
      const [x, y, color] = place(this.count);
      ctx.fillStyle = color;
      ctx.beginPath();
      ctx.arc(panel.X(x), panel.Y(y), radius, 0, 2 * Math.PI);
      ctx.fill();
    }
  }

  #pixels(count, place, size) {
    const {ctx, panel, canvas: {width, height}} = this, side = Math.max(1, Math.round(size * panel.scale));
    this.image ??= ctx.createImageData(width, height);
    const pixels = new Uint32Array(this.image.data.buffer), codes = new Map();
    const across = axisOf(panel, "X"), down = axisOf(panel, "Y");
    for (; this.count < count; this.count++) {
      const [x, y, color] = place(this.count);
      if (!codes.has(color)) codes.set(color, codeOf(color));
      const left = Math.round(across(x) - side / 2), top = Math.round(down(y) - side / 2), code = codes.get(color);
      if (!(left >= 0 && top >= 0 && left + side <= width && top + side <= height)) continue;
      for (let row = 0; row < side; row++) {
        const from = (top + row) * width + left;
        for (let i = from; i < from + side; i++) pixels[i] = code;
      }
    }
    ctx.putImageData(this.image, 0, 0);
  }
}

/** From data to pixels of the canvas, along X or Y: a straight line, so that two of its points are enough. */
function axisOf(panel, axis) {
  const low = panel[axis](0) * panel.scale, slope = panel[axis](1) * panel.scale - low;
  return panel.spec.logY && axis === "Y" ? value => panel.Y(value) * panel.scale : value => low + slope * value;
}

/** A colour as the number that stands for it in the memory of an image. */
function codeOf(color) {
  const [r, g, b] = [1, 3, 5].map(i => parseInt(color.slice(i, i + 2), 16));
  return new Uint32Array(new Uint8ClampedArray([r, g, b, 255]).buffer)[0];
}
