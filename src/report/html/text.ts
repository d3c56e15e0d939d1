/** Text and elements of HTML: whatever a recording holds is shown, and is never markup. */
import { xmlText } from "../xml.js";

export { xmlText as escaped };

/** An element; `content` is HTML already. */
export function element(name: string, content: string, attributes: { readonly [name: string]: string } = {}): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${xmlText(value)}"`);
  return `<${name}${written.join("")}>${content}</${name}>`;
}

/** An element of text. */
export const textElement = (name: string, text: string, attributes: { readonly [name: string]: string } = {}): string =>
  element(name, xmlText(text), attributes);

export const list = (items: readonly string[], name = "ul"): string =>
  items.length === 0 ? "" : element(name, items.map((item) => `<li>${item}</li>`).join(""));

/** Text that nothing in it can end: JSON as the contents of a script element. */
export function jsonInScript(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}
