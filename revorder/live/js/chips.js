// Coins with 1 or 0 on them.

/** A coin at a point of a panel: 1 is dark, 0 light. */
export function drawCoin(panel, x, y, toss, {size = 9.5, alpha = 1, color = panel.theme.ink} = {}) {
  const {ctx, theme} = panel;
  panel.dot(x, y, {color, size, alpha});
  if (!toss) panel.dot(x, y, {color: theme.paper, size: size - 1.5, ring: false, alpha});
  ctx.globalAlpha = alpha;
  ctx.font = `600 ${1.2 * size}px system-ui, sans-serif`;
  Object.assign(ctx, {fillStyle: toss ? theme.paper : theme.ink, textAlign: "center", textBaseline: "middle"});
  ctx.fillText(String(toss), panel.X(x), panel.Y(y) + 0.5);
  ctx.globalAlpha = 1;
}
