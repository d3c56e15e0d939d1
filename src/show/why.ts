/** The text of `kreel why`: the events that an object's state at a moment results from. */
import { printable } from "../base/trouble.js";
import { countName, ofItsOwn, ofItsOwnText } from "../reduce/objects.js";
import type { Held, LastChange, Place, Why } from "../seek/why.js";
import type { Json } from "./json.js";
import type { Style } from "./style.js";
import { plural } from "../base/text.js";

export function whyLines({ object, label, born, held, more, last }: Why, style: Style): string[] {
  const { kind, count, unprobed, references } = object;
  const name = countName(kind);
  const lines = [
    `${style.bold(printable(label))}: ${count === null ? `${name} not known` : `${name} ${count}`}${object.death > 0 ? `, gone since event ${object.death}` : ""}`,
  ];
  lines.push(born ? `  made at ${placeText(born)}` : "  older than the recording, or met in the middle of its life");
  const base = ofItsOwn(object);
  if (base > 0) lines.push(`  ${ofItsOwnText(object)}`);
  for (const one of held) lines.push(...heldLines(one));
  if (more > 0) lines.push(`  ${more} more like these`);
  if (unprobed > base) lines.push(`  ${plural(unprobed - base, "reference")} taken by untraced callers`);
  if (references.length === 0 && unprobed === 0 && count !== null && object.death === 0)
    lines.push(
      count === 0
        ? "  no reference is held"
        : `  ${plural(count, "reference")} from its birth, held by an untraced caller`,
    );
  lines.push(
    last
      ? `  last changed at ${placeText(last)}: ${last.changed.map(printable).join(", ")}`
      : "  nothing changed it since",
  );
  return lines;
}

function heldLines({ reference, owner, taken }: Held): string[] {
  return [
    `  1 held by ${printable(owner)}`,
    `      ${printable(reference.by)}: ${taken ? placeText(taken) : `event ${reference.seq}`}`,
  ];
}

/** `event 1095 (17.890763, line 1107), try_module_get returns, gmemrun-104, in kvm_gmem_create`. */
export function placeText({ event, operation, phase, task, time, line, inside }: Place): string {
  const within = inside.length > 0 ? `, in ${inside.join(" in ")}` : "";
  return `event ${event} (${time}${line > 0 ? `, line ${line}` : ""}), ${operation}${phase === "return" ? " returns" : ""}, ${printable(task)}${within}`;
}

export function whyJson(path: string, event: number, answers: readonly Why[]): { readonly [name: string]: Json } {
  return { kreel: "why", version: 1, trace: { path }, at: { event }, objects: answers.map(answerJson) };
}

function answerJson({ object, label, born, held, more, last }: Why): Json {
  return {
    object: label,
    kind: object.kind,
    count: object.count,
    born: born ? placeJson(born) : null,
    references: held.map(({ reference, owner, taken }) => ({
      owner,
      by: reference.by,
      event: reference.seq,
      taken: taken ? placeJson(taken) : null,
    })),
    more,
    unprobed: object.unprobed,
    lastChange: last ? changeJson(last) : null,
  };
}

export function placeJson({ event, operation, phase, task, time, line, inside }: Place): {
  readonly [name: string]: Json;
} {
  return { event, operation, phase, task, time, line, inside: [...inside] };
}

function changeJson(last: LastChange): Json {
  return { ...placeJson(last), changed: [...last.changed] };
}
