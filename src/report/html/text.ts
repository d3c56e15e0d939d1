/** Text and elements of HTML: text of a recording is never markup. */
import { xmlText } from "../xml.js";

export { xmlText as escaped };

/** Returns an element; `content` is HTML already. */
export function element(name: string, content: string, attributes: { readonly [name: string]: string } = {}): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${xmlText(value)}"`);
  return `<${name}${written.join("")}>${content}</${name}>`;
}

/** Returns an element of text. */
export const textElement = (name: string, text: string, attributes: { readonly [name: string]: string } = {}): string =>
  element(name, xmlText(text), attributes);

export const list = (items: readonly string[], name = "ul"): string =>
  items.length === 0 ? "" : element(name, items.map((item) => `<li>${item}</li>`).join(""));

/** Encodes JSON so that it cannot end the script element around it. */
export function jsonInScript(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}
