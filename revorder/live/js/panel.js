// A panel: one pair of axes on a canvas, drawn in data coordinates.

import {make, makeSvg, short, ticks} from "./basics.js";
import {Cloud} from "./cloud.js";

const FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif";

export class Panel {
  /** spec: name, title, x: [low, high], y: [low, high], xlabel, ylabel, and if need be height (pixels), equal (one
   *  scale for both axes), logY, xticks, yticks (lists of numbers or of [number, text]), bare (no axes), grow (flex). */
  constructor(spec) {
    this.spec = spec;
    this.x = spec.x;
    this.y = spec.y;
    this.title = make("div", {class: "live-panel-title"}, spec.title ?? "");
    this.canvas = make("canvas", {"aria-hidden": "true"});
    this.svg = makeSvg("svg");
    this.stage = make("div", {class: "live-stage"}, this.canvas, this.svg);
    this.element = make("div", {class: "live-panel", "data-panel": spec.name}, this.title, this.stage);
    this.element.style.flexGrow = spec.grow ?? 1;
    this.element.style.flexBasis = `${spec.basis ?? 260}px`;
    this.stage.style.height = `${spec.height ?? 280}px`;
    this.ctx = this.canvas.getContext("2d");
    this.cloud = new Cloud(this);
    this.width = this.height = 0;
  }

  /** Take over the size that the page gives; returns whether there is any. */
  resize() {
    const {clientWidth, clientHeight} = this.stage, scale = window.devicePixelRatio || 1;
    if (clientWidth === this.width && clientHeight === this.height && scale === this.scale) return clientWidth > 0;
    Object.assign(this, {width: clientWidth, height: clientHeight, scale});
    this.canvas.width = Math.round(clientWidth * scale);
    this.canvas.height = Math.round(clientHeight * scale);
    this.svg.setAttribute("viewBox", `0 0 ${clientWidth} ${clientHeight}`);
    return clientWidth > 0;
  }

  /** Clear, place the axes and draw them. x, y: new ranges, if they change. */
  begin(theme, x = this.x, y = this.y) {
    const bare = this.spec.bare, s = this.spec;
    Object.assign(this, {theme, x, y});
    this.left = bare ? 6 : s.ylabel ? 52 : 40;
    this.right = this.width - (s.marginRight ?? 12);
    this.top = s.marginTop ?? 10;
    this.bottom = this.height - (bare ? 6 : s.xlabel ? 40 : 24);
    if (s.equal) this.#equalise();
    this.ctx.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    this.ctx.clearRect(0, 0, this.width, this.height);
    this.ctx.lineJoin = this.ctx.lineCap = "round";
    if (!bare) this.#axes();
  }

  #equalise() {
    const [w, h] = [this.right - this.left, this.bottom - this.top];
    const unit = Math.min(w / (this.x[1] - this.x[0]), h / (this.y[1] - this.y[0]));
    const wide = unit * (this.x[1] - this.x[0]), tall = unit * (this.y[1] - this.y[0]);
    this.left += (w - wide) / 2;
    this.right = this.left + wide;
    this.top += (h - tall) / 2;
    this.bottom = this.top + tall;
  }

  X(x) { return this.left + (x - this.x[0]) / (this.x[1] - this.x[0]) * (this.right - this.left); }

  Y(y) {
    const [low, high] = this.spec.logY ? this.y.map(Math.log10) : this.y;
    const at = this.spec.logY ? Math.log10(Math.max(y, 1e-300)) : y;
    return this.bottom - (at - low) / (high - low) * (this.bottom - this.top);
  }

  /** Data coordinates of a place in pixels. */
  at(px, py) {
    const part = (this.bottom - py) / (this.bottom - this.top);
    const [low, high] = this.spec.logY ? this.y.map(Math.log10) : this.y;
    const y = low + part * (high - low);
    return [this.x[0] + (px - this.left) / (this.right - this.left) * (this.x[1] - this.x[0]),
      this.spec.logY ? 10 ** y : y];
  }

  #ticksOf(axis) {
    const given = this.spec[`${axis}ticks`], [low, high] = this[axis];
    if (given) return given.map(t => Array.isArray(t) ? t : [t, short(t)]);
    if (axis === "y" && this.spec.logY) {
      const [a, b] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
      const every = Math.max(1, Math.ceil((b - a) / 6));
      return Array.from({length: Math.floor((b - a) / every) + 1}, (_, i) => 10 ** (a + i * every)).map(t => [t, short(t)]);
    }
    const room = axis === "x" ? (this.right - this.left) / 70 : (this.bottom - this.top) / 45;
    return ticks(low, high, Math.max(2, Math.min(6, room))).map(t => [t, short(t)]);
  }

  #axes() {
    const {ctx, theme, left, right, top, bottom} = this;
    ctx.lineWidth = 1;
    ctx.font = `12px ${FONT}`;
    for (const [value, text] of this.#ticksOf("x")) {
      const px = Math.round(this.X(value)) + 0.5;
      this.#stroke(theme.grid, [[px, top], [px, bottom]]);
      this.#label(text, px, bottom + 6, "center", "top");
    }
    for (const [value, text] of this.#ticksOf("y")) {
      const py = Math.round(this.Y(value)) + 0.5;
      this.#stroke(theme.grid, [[left, py], [right, py]]);
      this.#label(text, left - 7, py, "right", "middle");
    }
    this.#stroke(theme.line, [[left + 0.5, top], [left + 0.5, bottom + 0.5], [right, bottom + 0.5]]);
    ctx.font = `13px ${FONT}`;
    if (this.spec.xlabel) this.#label(this.spec.xlabel, (left + right) / 2, this.bottom + 23, "center", "top");
    if (this.spec.ylabel) {
      ctx.save();
      ctx.translate(left - 48 + 12, (top + bottom) / 2);
      ctx.rotate(-Math.PI / 2);
      this.#label(this.spec.ylabel, 0, -4, "center", "bottom");
      ctx.restore();
    }
  }

  #stroke(color, points) {
    this.ctx.strokeStyle = color;
    this.ctx.beginPath();
    points.forEach(([x, y], i) => i ? this.ctx.lineTo(x, y) : this.ctx.moveTo(x, y));
    this.ctx.stroke();
  }

  #label(text, x, y, align, baseline) {
    Object.assign(this.ctx, {fillStyle: this.theme.muted, textAlign: align, textBaseline: baseline});
    this.ctx.fillText(text, x, y);
  }

  /** Whatever `draw` draws is cut at the axes. */
  clipped(draw) {
    this.ctx.save();
    this.ctx.beginPath();
    this.ctx.rect(this.left, this.top - 2, this.right - this.left + 2, this.bottom - this.top + 4);
    this.ctx.clip();
    draw();
    this.ctx.restore();
  }

  #styled({color = this.theme.ink, width = 1.8, dash = [], alpha = 1, fill = null} = {}) {
    Object.assign(this.ctx, {strokeStyle: color, lineWidth: width, globalAlpha: alpha, fillStyle: fill ?? color});
    this.ctx.setLineDash(dash);
  }

  /** A line through points; NaN breaks it. from, to: only these points (to is not included). */
  line(xs, ys, style = {}, from = 0, to = ys.length) {
    this.path(Array.from({length: to - from}, (_, i) => [xs[from + i], ys[from + i]]), style);
  }

  /** A line through [x, y] points; closed and filled, if `fill` is given. */
  path(points, style = {}) {
    this.#styled(style);
    this.ctx.beginPath();
    let pen = false;
    for (const [x, y] of points) {
      const px = this.X(x), py = this.Y(y);
      if (!Number.isFinite(px) || !Number.isFinite(py)) pen = false;
      else if (pen) this.ctx.lineTo(px, py);
      else { this.ctx.moveTo(px, py); pen = true; }
    }
    if (style.fill) { this.ctx.closePath(); this.ctx.fill(); }
    if (style.width !== 0) this.ctx.stroke();
    this.#reset();
  }

  /** An arrow from one point to another. */
  arrow(x1, y1, x2, y2, style = {}) {
    this.path([[x1, y1], [x2, y2]], style);
    const [px, py] = [this.X(x2), this.Y(y2)], angle = Math.atan2(py - this.Y(y1), px - this.X(x1));
    if (Math.hypot(py - this.Y(y1), px - this.X(x1)) < 6) return;
    this.#styled(style);
    this.ctx.beginPath();
    this.ctx.moveTo(px, py);
    for (const side of [-0.45, 0.45]) this.ctx.lineTo(px - 9 * Math.cos(angle + side), py - 9 * Math.sin(angle + side));
    this.ctx.closePath();
    this.ctx.fill();
    this.#reset();
  }

  /** A dot with a ring in the paper's colour; shape: "circle", "square" or "diamond". */
  dot(x, y, {color = this.theme.ink, size = 6, ring = true, alpha = 1, shape = "circle"} = {}) {
    const [px, py] = [this.X(x), this.Y(y)], ctx = this.ctx;
    if (!Number.isFinite(px) || !Number.isFinite(py)) return;
    this.#styled({color, alpha});
    ctx.beginPath();
    if (shape === "circle") ctx.arc(px, py, size, 0, 2 * Math.PI);
    else {
      const r = shape === "diamond" ? size * 1.25 : size * 0.9, turn = shape === "diamond" ? 0 : Math.PI / 4;
      for (let k = 0; k < 4; k++) ctx.lineTo(px + r * 1.2 * Math.cos(turn + k * Math.PI / 2), py + r * 1.2 * Math.sin(turn + k * Math.PI / 2));
      ctx.closePath();
    }
    ctx.fill();
    if (ring) { ctx.strokeStyle = this.theme.paper; ctx.lineWidth = 1.5; ctx.stroke(); }
    this.#reset();
  }

  /** A rectangle between two corners in data coordinates. */
  box(x1, y1, x2, y2, style = {}) {
    this.path([[x1, y1], [x2, y1], [x2, y2], [x1, y2], [x1, y1]], {width: 0, ...style});
  }

  /** Text at a point, moved by dx, dy pixels, with a halo in the paper's colour. */
  text(x, y, text, {color = this.theme.ink, size = 12.5, bold = false, align = "left", baseline = "middle", dx = 0, dy = 0, mono = false, halo = true} = {}) {
    const ctx = this.ctx, [px, py] = [this.X(x) + dx, this.Y(y) + dy];
    ctx.font = `${bold ? 600 : 400} ${size}px ${mono ? "ui-monospace, Menlo, Consolas, monospace" : FONT}`;
    Object.assign(ctx, {textAlign: align, textBaseline: baseline, strokeStyle: this.theme.paper, lineWidth: 3.5});
    if (halo) ctx.strokeText(text, px, py);
    ctx.fillStyle = color;
    ctx.fillText(text, px, py);
    this.#reset();
  }

  #reset() {
    this.ctx.globalAlpha = 1;
    this.ctx.setLineDash([]);
  }
}
