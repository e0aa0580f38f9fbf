// Parts of a page, made in a line.

export function make(tag, properties, ...inside) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...inside);
  return element;
}

/** What a select offers, of pairs [value, text]. */
export function options(pairs) {
  return pairs.map(([value, text]) => make("option", { value }, text));
}
