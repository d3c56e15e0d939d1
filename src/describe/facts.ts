/** The facts that a state has about an object beside its count, by the templates of its kind. */
import { byKind, type Field, type FactTemplate } from "../../events/kinds/index.js";
import { fieldOf, type KernelObject, type ObjectId } from "../reduce/objects.js";
import type { World } from "../reduce/world.js";
import { list, plural } from "../base/text.js";

/** Text, and fields in braces: `{pages:page}` counts, `{stage!}` is printed even for the usual stage. */
interface Part {
  readonly text: string;
  readonly field: Field | undefined;
  readonly name: string;
  readonly counts: string;
  readonly always: boolean;
}

interface Template {
  readonly parts: readonly Part[];
  readonly otherwise: string | undefined;
}

const TEMPLATES = byKind(({ fields, facts }): readonly Template[] =>
  facts.map((fact: FactTemplate) => {
    const [template, otherwise] = typeof fact === "string" ? [fact, undefined] : fact;
    return { parts: partsOf(template, fields), otherwise };
  }),
);

function partsOf(template: string, fields: { readonly [name: string]: Field }): Part[] {
  return template.split(/(\{[^}]+\})/).flatMap((text): Part[] => {
    if (text === "") return [];
    const [, name = "", always = "", counts = ""] = /^\{(\w+)(!?)(?::(.+))?\}$/.exec(text) ?? [];
    if (name === "") return [{ text, field: undefined, name, counts, always: false }];
    return [{ text: "", field: fields[name]!, name, counts, always: always !== "" }];
  });
}

export function factsOf(world: World, o: KernelObject): string[] {
  const facts: string[] = [];
  for (const { parts, otherwise } of TEMPLATES[o.kind]) {
    const first = parts.find(({ field }) => field);
    if (first && valueText(world, o, first) === "") {
      if (otherwise !== undefined) facts.push(otherwise);
    } else facts.push(parts.map((part) => (part.field ? valueText(world, o, part) : part.text)).join(""));
  }
  return facts;
}

/** Returns an empty text for a field with nothing to report. */
function valueText(world: World, o: KernelObject, { field, name, counts, always }: Part): string {
  const value = fieldOf(o, name);
  switch (field!.type) {
    case "pointer":
      return value === 0 ? "" : world.labelOf(value as ObjectId);
    case "stage":
      return always || !field!.usual?.includes(value as string) ? (value as string) : "";
    case "pointers":
    case "events":
    case "addresses": {
      const { length } = value as readonly unknown[];
      return length === 0 ? "" : plural(length, counts);
    }
    case "tally":
      if (field!.numbered && o.kind === "file") return descriptorsText(world.descriptors.of(o));
      break;
    case "observed":
      return value === null ? "" : String(value);
    default:
  }
  if (value === 0 || value === "" || value === false) return "";
  return counts === "" ? String(value) : plural(value as number, counts);
}

function descriptorsText(fds: readonly number[]): string {
  return fds.length === 0 ? "" : `descriptor${fds.length === 1 ? "" : "s"} ${list(fds.map(String))}`;
}
