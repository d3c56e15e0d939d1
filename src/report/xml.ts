/** Text and attributes of XML 1.0. */
import { printable } from "../base/trouble.js";

const ENTITIES: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** What XML may not hold at all is shown as its code. */
export function xmlText(text: string): string {
  return printable(text).replaceAll(/[&<>"']/g, (c) => ENTITIES[c]!);
}

/** The same of several lines. */
export function xmlLines(lines: readonly string[]): string {
  return lines.map(xmlText).join("\n");
}

/** ` name="value"` of each that has a value. */
export function attributes(values: { readonly [name: string]: string | number | undefined }): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${xmlText(String(value))}"`)
    .join("");
}
