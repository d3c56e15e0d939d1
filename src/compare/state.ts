/** Compares the final state of two recordings: the objects that came to life, the references of files, what remains. */
import { COUNTED_KINDS, type Kind, kinds } from "../../events/kinds/index.js";
import { points } from "../../events/index.js";
import { siteOf } from "./calls.js";
import type { History } from "./history.js";
import { livesWords } from "./incomparable-words.js";
import type { FileMade } from "./created-files.js";
import type { Difference, Incomparable, Side, Site } from "./types.js";

interface Tally {
  same: number;
  changed: number;
}

/**
 * Counts births and remains by kind. An inode that waits for its RCU callback has ended: whether that ran in time
 * depends on when the recorder stopped.
 */
function population(history: History): Map<string, { born: number; left: number }> {
  const { objects, world } = history.replay;
  const left = new Map<string, number>();
  for (const o of world.store.live()) {
    if (!o.focus || !o.birth || (o.kind === "inode" && o.stage === "destroyed") || (o.kind === "file" && !o.gmem))
      continue;
    left.set(o.kind, (left.get(o.kind) ?? 0) + 1);
  }
  return new Map(COUNTED_KINDS.map((kind) => [kind, { born: objects[kind]!.born, left: left.get(kind) ?? 0 }]));
}

/** The place of a counted difference. */
export const WHOLE = "whole recording";

/**
 * Tells whether beginnings and ends of a kind of object show on a side. If not, more objects may have lived, and
 * remaining ones may have ended.
 */
export interface Lives {
  begun(side: Side, kind: Kind): boolean;
  ended(side: Side, kind: Kind): boolean;
  /**
   * The messages when everything is looked at; absent if everything is. A number that shows only when less is looked at
   * is ignored.
   */
  readonly known?: ReadonlySet<string>;
}

/** `incomparable` receives what cannot be decided. */
export function compareState(
  before: History,
  after: History,
  tally: Tally,
  lives: Lives | undefined,
  incomparable: (one: Incomparable) => void,
): Difference[] {
  const differences: Difference[] = [];
  const a = population(before);
  const b = population(after);
  for (const kind of COUNTED_KINDS) {
    for (const what of ["born", "left"] as const) {
      const x = a.get(kind)![what];
      const y = b.get(kind)![what];
      if (x === y) {
        tally.same++;
        continue;
      }
      const words = what === "born" ? "came to life" : "live at the end";
      const message = `${kinds[kind].plural} that ${words}: ${x} → ${y}`;
      const [more, fewer]: readonly Side[] = x > y ? ["before", "after"] : ["after", "before"];
      const missing = what === "born" ? fewer! : more!;
      if (lives && !(what === "born" ? lives.begun(missing, kind) : lives.ended(missing, kind))) {
        incomparable({
          reason: "lives",
          missing,
          times: Math.max(x, y),
          first: null,
          message: livesWords(message, missing),
        });
        continue;
      }
      if (lives?.known && !lives.known.has(message)) continue;
      tally.changed++;
      // If one side has none, the first of the other is the difference; between more and fewer no single object is.
      const first = (history: History, none: number): Site | null =>
        what === "born" && none === 0 ? siteOf(history.firsts.get(kind)) : null;
      differences.push({
        kind: "state-changed",
        where: WHOLE,
        object: kind,
        before: first(before, y),
        after: first(after, x),
        message,
      });
    }
  }
  differences.push(...compareCallbacks(before, after, tally));
  return differences;
}

/** Compares RCU callbacks, by kinds of which both recordings show some: a recording may end before any ran. */
function compareCallbacks(before: History, after: History, tally: Tally): Difference[] {
  const differences: Difference[] = [];
  const kinds = (history: History): Set<string> =>
    new Set([...history.callbacks.keys()].map((key) => key.split(" ")[0]!));
  const both = [...kinds(before)].filter((kind) => kinds(after).has(kind));
  const keys = new Set([...before.callbacks.keys(), ...after.callbacks.keys()]);
  for (const key of [...keys].sort()) {
    const [kind, operation] = key.split(" ") as [string, string];
    if (!both.includes(kind)) continue;
    const x = before.callbacks.get(key);
    const y = after.callbacks.get(key);
    if (x && y) {
      tally.same++;
      continue;
    }
    // Seen for other objects: its probe was missed for these, as happens if one callback interrupts another.
    if ((x ? after : before).replay.world.sight.seen[(x ?? y)!.point]) continue;
    tally.changed++;
    const { summary } = points.points[(x ?? y)!.point]!.operation;
    differences.push({
      kind: x ? "operation-removed" : "operation-added",
      where: `end of every ${kind}, after a grace period`,
      operation,
      before: siteOf(x),
      after: siteOf(y),
      message: `${operation} ${x ? "no longer runs" : "runs"} when the memory of an ${kind} is handed back (${summary.replace(/\.$/u, "")})`,
    });
  }
  return differences;
}

/** Compares the references of corresponding files just made, and, if `fsKnown`, the owners of their file systems. */
export function compareFiles(
  where: string,
  x: FileMade,
  y: FileMade,
  before: Site | null,
  after: Site | null,
  fsKnown: boolean,
  tally: Tally,
): Difference[] {
  const differences: Difference[] = [];
  const changed = (object: string, message: string): void => {
    tally.changed++;
    differences.push({ kind: "state-changed", where, object, before, after, message });
  };
  if (x.holds.join() === y.holds.join()) tally.same++;
  else changed("file", `the file holds ${x.holds.join(", ") || "nothing"} → ${y.holds.join(", ") || "nothing"}`);
  if (!fsKnown || x.fsName === y.fsName) tally.same++;
  else changed("inode", `the file's inode is ${fs(x.fsName)} → ${fs(y.fsName)}`);
  return differences;
}

function fs(name: string): string {
  return name ? `on ${name}, which guest_memfd mounts itself` : "an anonymous one";
}
