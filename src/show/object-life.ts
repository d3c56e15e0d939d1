/**
 * The life of one object: every event that touched it, with the references taken and dropped and their owners. Rows are
 * passed on as they happen; only those of objects whose name is not known yet are stored.
 */
import { isKind, kinds } from "../../events/kinds/index.js";
import { printable } from "../base/trouble.js";
import { countName, type Kind, type KernelObject, nameOf, type ObjectId } from "../reduce/objects.js";
import { countText, noteText, ownersText } from "../describe/changes.js";
import type { Change, Row } from "../describe/chronicle.js";
import type { Style } from "./style.js";
import { plural } from "../base/text.js";

/** The argument of `--object`: a name (`kvm_amd`, `module kvm_amd`), or an address with or without kind and life. */
export interface ObjectSpec {
  readonly text: string;
  readonly kind: string;
  /** A name or an address; empty for every object of the kind. */
  readonly name: string;
  readonly generation: number;
}

export function parseSpec(text: string): ObjectSpec {
  if (isKind(text.trim())) return { text, kind: text.trim(), name: "", generation: 0 };
  const [, kind = "", name = "", generation = ""] = /^(?:([a-z_]+) +)?(.*?)(?:#(\d+))?$/s.exec(text.trim())!;
  return {
    text,
    kind,
    name: name.toLowerCase().startsWith("0x") ? name.toLowerCase() : name,
    generation: Number(generation),
  };
}

/** The properties by which an object can be asked for. */
export interface Named {
  readonly kind: Kind;
  readonly address: string;
  readonly generation: number;
  readonly names: readonly string[];
}

export function namesOf(object: KernelObject): string[] {
  const name = nameOf(object);
  return name === "" ? [] : [name];
}

export function matches(spec: ObjectSpec, object: Named): boolean {
  if (spec.kind !== "" && spec.kind !== object.kind) return false;
  if (spec.generation !== 0 && spec.generation !== object.generation) return false;
  return spec.name === "" || spec.name === object.address || object.names.includes(spec.name);
}

/** True if the object may still turn out to match: its name comes after its first event. */
export function mayMatch(spec: ObjectSpec, object: Named): boolean {
  return (
    !spec.name.startsWith("0x") &&
    object.names.length === 0 &&
    (spec.kind === "" || spec.kind === object.kind) &&
    isNamedLater(object.kind)
  );
}

function isNamedLater(kind: Kind): boolean {
  const { named } = kinds[kind];
  return named !== undefined && !named.fromBirth;
}

/** Returns the labels nearest to the text. */
export function nearest(text: string, labels: Iterable<string>, most = 5): string[] {
  const wanted = text.toLowerCase();
  const scored = [...new Set(labels)].map((label) => ({
    label,
    far: Math.min(...[label, label.split(" ").at(-1)!].map((l) => distance(wanted, l.toLowerCase()))),
  }));
  return scored
    .sort((a, b) => a.far - b.far)
    .slice(0, most)
    .map((s) => s.label);
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, k) => k);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

const TASK_WIDTH = 12;
const COUNT_WIDTH = 9;

/** `module kvm_amd at 0xffff…`, and the name of the count in its column. */
export function lifeHeading(label: string, object: Named, style: Style): string {
  const name = printable(label.includes(object.address) ? label : `${label} at ${object.address}`);
  return `${style.bold(name)}  ${style.dim(`(${countName(object.kind)})`)}`;
}

/** ` 1200 98.308381 task-251 2 → 3 try_module_get = 1: held by anon_inode_getfile`. Always one line. */
export function lifeLine(row: Row, change: Change, style: Style): string {
  // A returned value is printed unless it is this very object.
  const what =
    row.phase === "return" && row.result !== change.label ? `${row.operation} = ${row.result}` : row.operation;
  const count = countText(change).replace(/^\S+ /, "");
  const did = [noteText(change), ownersText(change)].filter((part) => part !== "").join(", ");
  const event = style.dim(String(row.seq).padStart(7));
  return `${event}  ${row.time}  ${printable(row.task).padEnd(TASK_WIDTH)}  ${`${count} `.padEnd(COUNT_WIDTH)}${printable(did === "" ? what : `${what}: ${did}`)}`;
}

export interface LifeEnd {
  readonly id: ObjectId;
  readonly label: string;
  readonly kind: KernelObject["kind"];
  readonly birth: number;
  readonly death: number;
  readonly count: number | null;
  readonly holders: readonly string[];
  /** The first known count. */
  readonly first: number | null;
  readonly gets: number;
  readonly puts: number;
}

/** The end of a life: `born at event 608, gone at event 2839; refcnt 2 at first, 3 gets, 4 puts`. */
export function endLine(end: LifeEnd): string {
  const born = end.birth ? `born at event ${end.birth}` : "older than the recording";
  const count = end.count === null ? "" : `, ${countName(end.kind)} ${end.count}`;
  const fate = end.death ? `gone at event ${end.death}` : `lives at the end${count}`;
  const moves =
    end.gets + end.puts === 0 || end.first === null
      ? ""
      : `; ${countName(end.kind)} ${end.first} at first, ${plural(end.gets, "get")}, ${plural(end.puts, "put")}`;
  const held = end.death || end.holders.length === 0 ? "" : `; held by ${end.holders.join(", ")}`;
  return printable(`${born}, ${fate}${moves}${held}`);
}
