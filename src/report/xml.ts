/** Text and attributes of XML 1.0. */
import { printable } from "../base/trouble.js";

const ENTITIES: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Characters that XML must not hold are shown as their codes. */
export function xmlText(text: string): string {
  return printable(text).replaceAll(/[&<>"']/g, (c) => ENTITIES[c]!);
}

/** The same for several lines. */
export function xmlLines(lines: readonly string[]): string {
  return lines.map(xmlText).join("\n");
}

/** Formats ` name="value"` for each defined value. */
export function attributes(values: { readonly [name: string]: string | number | undefined }): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${xmlText(String(value))}"`)
    .join("");
}
