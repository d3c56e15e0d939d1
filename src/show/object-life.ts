/**
 * The life of one object: every event that touched it, with the references taken and given back and by whom. Rows are
 * handed on as they happen; only those of objects whose name is still to be learned are kept.
 */
import { printable } from "../read/trouble.js";
import type { KernelObject, ObjectId } from "../reduce/objects.js";
import { changeText } from "./changes.js";
import { COUNT_NAMES, type Change, type Row } from "./chronicle.js";
import type { Style } from "./style.js";
import { wrap } from "./text.js";

/** What `--object` asks for: a name (`kvm_amd`, `module kvm_amd`), or an address with or without kind and life. */
export interface ObjectSpec {
  readonly text: string;
  readonly kind: string;
  /** A name or an address. */
  readonly name: string;
  readonly generation: number;
}

export function parseSpec(text: string): ObjectSpec {
  const [, kind = "", name = "", generation = ""] = /^(?:([a-z_]+) +)?(.*?)(?:#(\d+))?$/.exec(text.trim())!;
  return { text, kind, name: name.toLowerCase().startsWith("0x") ? name.toLowerCase() : name, generation: Number(generation) };
}

/** What an object may be asked for by. */
export interface Named {
  readonly kind: string;
  readonly address: string;
  readonly generation: number;
  readonly names: readonly string[];
}

export function namesOf(object: KernelObject): string[] {
  switch (object.kind) {
    case "module":
    case "fs_type":
    case "file":
      return object.name ? [object.name] : [];
    case "mount":
    case "superblock":
      return object.fsName ? [object.fsName] : [];
    default:
      return [];
  }
}

export function matches(spec: ObjectSpec, object: Named): boolean {
  if (spec.kind !== "" && spec.kind !== object.kind) return false;
  if (spec.generation !== 0 && spec.generation !== object.generation) return false;
  return spec.name === object.address || object.names.includes(spec.name);
}

/** Whether the object may yet turn out to be the one: its name comes later than its first event. */
export function mayMatch(spec: ObjectSpec, object: Named): boolean {
  return !spec.name.startsWith("0x") && object.names.length === 0 && (spec.kind === "" || spec.kind === object.kind) && ["module", "mount", "superblock", "fs_type"].includes(object.kind);
}

/** The labels that are nearest to what was asked for. */
export function nearest(text: string, labels: Iterable<string>, most = 5): string[] {
  const wanted = text.toLowerCase();
  const scored = [...new Set(labels)].map((label) => ({ label, far: Math.min(...[label, label.split(" ").at(-1)!].map((l) => distance(wanted, l.toLowerCase()))) }));
  return scored
    .sort((a, b) => a.far - b.far)
    .slice(0, most)
    .map((s) => s.label);
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, k) => k);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

const OPERATION_WIDTH = 24;

export function lifeHeading(label: string, object: Named, style: Style): string {
  return style.bold(printable(label.includes(object.address) ? label : `${label} at ${object.address}`));
}

/** `  1060  37.367443  task-96  try_module_get   2 → 3   held by kvm_gmem_create`. */
export function lifeLines(row: Row, change: Change, width: number, style: Style): string[] {
  const what = row.phase === "return" ? `${row.operation} = ${row.result}` : row.operation;
  const head = `${String(row.seq).padStart(7)}  ${row.time}  ${printable(row.task)}  ${printable(what).padEnd(OPERATION_WIDTH)}  `;
  const text = printable(changeText(change));
  if (text === "") return [style.dim(head.trimEnd())];
  const pad = " ".repeat(11);
  if (head.length + text.length <= width) return [`${head}${text}`];
  return [head.trimEnd(), ...wrap(text, width - pad.length - 2).map((line, k) => `${pad}${k === 0 ? style.dim("~ ") : "  "}${line}`)];
}

export interface LifeEnd {
  readonly id: ObjectId;
  readonly label: string;
  readonly kind: KernelObject["kind"];
  readonly birth: number;
  readonly death: number;
  readonly count: number | null;
  readonly holders: readonly string[];
  readonly gets: number;
  readonly puts: number;
}

/** How it ended: `born at event 608, gone at event 2839; 5 taken, 5 given back`. */
export function endLine(end: LifeEnd): string {
  const born = end.birth ? `born at event ${end.birth}` : "older than the recording";
  const count = end.count === null ? "" : `, ${COUNT_NAMES[end.kind]} ${end.count}`;
  const fate = end.death ? `gone at event ${end.death}` : `lives at the end${count}`;
  const held = end.death || end.holders.length === 0 ? "" : `; held by ${end.holders.join(", ")}`;
  return printable(`${born}, ${fate}; ${end.gets} references taken and ${end.puts} given back under probes${held}`);
}
