// Words in the colours of their orders, for titles and lines of numbers.

/** "forward" or "backward", or another text, in that order's colour. */
export function tint(order, text = order, element = "span") {
  return `<${element} class="${order[0]}">${text}</${element}>`;
}
