/** Mutations of JSON: of lines that are a document each, and of documents. Text has a character a byte. */
import type { Random } from "../random.js";
import { nameOf, numberOf } from "./words.js";

type Json = unknown;

const DEPTH = 5000;

/** Changes one value somewhere in the document. */
export function mutateJson(value: Json, random: Random): Json {
  if (typeof value !== "object" || value === null || random.chance(0.15)) return otherValue(value, random);
  if (Array.isArray(value)) {
    const copy = [...(value as Json[])];
    const k = random.below(copy.length + 1);
    const choice = random.below(10);
    if (k === copy.length || choice === 0) copy.splice(k, 0, otherValue(undefined, random));
    else if (choice === 1) copy.splice(k, random.small(1, 3));
    else copy[k] = mutateJson(copy[k], random);
    return copy;
  }
  const entries = Object.entries(value);
  const k = random.below(entries.length);
  const choice = random.below(10);
  if (choice === 0) entries.splice(k, 1);
  else if (choice === 1) entries.splice(k, 0, [utf8(nameOf(random)), otherValue(undefined, random)]);
  else if (choice === 2 && entries.length > 0) entries[k] = [utf8(nameOf(random)), entries[k]![1]];
  else if (entries.length > 0) entries[k] = [entries[k]![0], mutateJson(entries[k]![1], random)];
  // `__proto__` as a key of its own, as JSON.parse makes it.
  const object: Record<string, Json> = Object.create(null) as Record<string, Json>;
  for (const [key, each] of entries) object[key] = each;
  return object;
}

function otherValue(value: Json, random: Random): Json {
  switch (random.below(10)) {
    case 0:
      return null;
    case 1:
      return random.chance(0.5);
    case 2:
      return Number(numberOf(random)) || 0;
    case 3:
      return numberOf(random);
    case 4:
      return [];
    case 5:
      return [value, value];
    case 6:
      return { [utf8(nameOf(random))]: value ?? 1 };
    case 7:
      return random.pick([-1, 0.5, 1e300, -0, 2 ** 53, 2 ** 63, 65536, 9_007_199_254_740_991]);
    default:
      return utf8(nameOf(random));
  }
}

/** Returns a line of JSON with a value changed, or with a change that no JSON serializer would make. */
export function mutateJsonLine(line: string, random: Random): string {
  if (random.chance(0.3)) return odd(line, random);
  try {
    return Buffer.from(JSON.stringify(mutateJson(JSON.parse(utf8(line)), random)), "utf8").toString("latin1");
  } catch {
    return odd(line, random);
  }
}

/** Returns numbers longer than any double, duplicate values, deep nesting, and text that is nearly JSON. */
function odd(line: string, random: Random): string {
  const values = [...line.matchAll(/([,:[] ?)("(?:[^"\\]|\\.)*"|-?\d+)/g)];
  const value = values.length === 0 ? undefined : random.pick(values);
  const put = (text: string): string =>
    value
      ? line.slice(0, value.index + value[1]!.length) + text + line.slice(value.index + value[0].length)
      : line + text;
  switch (random.below(8)) {
    case 0:
      return put(numberOf(random));
    case 1:
      return put(`"${nameOf(random)}"`);
    case 2:
      return line.replace("{", '{"seq":1,"type":"value","__proto__":{"x":1},');
    case 3:
      return put("[".repeat(random.small(1, DEPTH)));
    case 4:
      return line.replaceAll(",", random.pick([", ", " ,", ",,", ";"]));
    case 5:
      return line.replaceAll(":", random.pick([": ", " : "]));
    case 6:
      return put(
        random.pick([
          '"\\ud800"',
          '"\\udc00\\ud800"',
          '"\\u0000"',
          '"\\uffffffc3\\uffffffa9"',
          '"\\x41"',
          '"\\',
          "'a'",
          "NaN",
          "-",
          "1e5",
          "0x10",
          "01",
        ]),
      );
    default:
      return line + random.pick([",", "}", "]", " ", "\0", line]);
  }
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}
