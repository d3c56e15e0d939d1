/** The reference documentation of the catalogue, as Markdown. */
import { KERNELS, TRAITS, type ArgumentDefinition, type Kernel, type OperationDefinition } from "./definition.js";
import { catalogue, ENDED_BY, RETURNED_BY, subsystems } from "./index.js";
import { type Field, type FieldType, type Kind, type KindDefinition, kinds } from "./kinds/index.js";
import { probeLines, standardProbes } from "./probe-file.js";

const code = (text: string): string => `\`${text}\``;
/** A pipe would end a table's cell. */
const cell = (text: string): string => text.replaceAll("|", "\\|");
const names = (list: readonly string[]): string =>
  list.map((name) => `[${code(name)}](#${name.toLowerCase()})`).join(", ");

const FAILURES = {
  errno: "a negative errno",
  ERR_PTR: "an error pointer (`ERR_PTR(-E…)`, the last 4095 addresses)",
  NULL: "a null pointer",
  zero: "zero",
} as const;

/** Classifies an operation in a kernel, for a table of one letter each. */
export function presence(
  operation: OperationDefinition,
  kernel: Kernel,
): "recorded" | "unseen" | "unprobed" | "absent" {
  if (!operation.kernels.includes(kernel)) return "absent";
  if (!operation.probed) return "unprobed";
  return operation.unseen?.kernels.includes(kernel) ? "unseen" : "recorded";
}

const MARKS = { recorded: "●", unseen: "○", unprobed: "·", absent: " " } as const;

function kernelTable(): string[] {
  return [
    `| operation | ${KERNELS.join(" | ")} |`,
    `|---|${KERNELS.map(() => ":-:|").join("")}`,
    ...catalogue.map(
      (o) => `| ${names([o.name])} | ${KERNELS.map((kernel) => MARKS[presence(o, kernel)]).join(" | ")} |`,
    ),
  ];
}

function argumentRow(arg: ArgumentDefinition, role: string): string {
  const kind =
    arg.object === undefined ? (arg.unit ?? "") : arg.object === "other" ? "address" : `address of ${arg.object}`;
  const meaning = arg.failure === undefined ? arg.meaning : `${arg.meaning}. Failure reads as ${FAILURES[arg.failure]}`;
  const fetch = arg.fetch === "" ? "" : code(arg.fetch);
  return `| ${role}${code(arg.name)} | ${arg.type} | ${cell(fetch)} | ${kind} | ${cell(meaning)} |`;
}

function where(operation: OperationDefinition): string {
  if (operation.kernels.length === KERNELS.length) return "all";
  return operation.kernels.length === 0 ? "none of these" : operation.kernels.join(", ");
}

/** Describes in words how the engine treats an operation. */
function nature({ traits = [], entry, holds, gives, ends, probedWith }: OperationDefinition): string[] {
  const words: string[] = [];
  if (entry)
    words.push(
      `an entry from user space${entry.ifTouched ? " where it touches guest_memfd" : ""}${entry.partOf.length > 0 ? `, but inside of ${names(entry.partOf)}` : ""}`,
    );
  if (gives) words.push(`gives back a reference on a ${gives}`);
  else if (holds) words.push(`changes who holds ${code(holds)}`);
  if (ends) words.push(`ends a ${ends}`);
  if (probedWith) words.push(`probed together with ${names(probedWith)}`);
  return [...words, ...traits.map((trait) => `*${trait}*`)];
}

function section(operation: OperationDefinition): string[] {
  const lines = [`### ${operation.name}`, "", operation.summary, "", "```c", `${operation.prototype};`, "```", ""];
  const facts = [
    `Source: ${code(operation.source)}${operation.module === undefined ? "" : ` (module ${operation.module})`}`,
  ];
  if (operation.probe === "tracepoint")
    facts.push(
      `tracepoint ${code(`${operation.tracepoint?.system}:${operation.name}`)}, printed as ${code(operation.tracepoint?.print ?? "")}`,
    );
  if (operation.probe === "kprobe" && operation.symbol !== operation.name)
    facts.push(`probed symbol: ${code(operation.symbol)}`);
  if (operation.substitutes)
    facts.push(`where a kernel refuses that symbol: ${operation.substitutes.map(code).join(", ")}`);
  if (operation.context === "rcu") facts.push("runs as an RCU callback, inside nothing of the task that it shows");
  facts.push(`kernels: ${where(operation)}`);
  if (operation.returns) facts.push("its return is probed as well");
  if (!operation.probed)
    facts.push(`not among the standard probes${operation.recorded ? ", kreel record probes it" : ""}`);
  lines.push(`${facts.join("; ")}.`, "");
  if (operation.args.length > 0 || operation.result) {
    lines.push("| | type | fetched as | kind or unit | meaning |", "|---|---|---|---|---|");
    lines.push(...operation.args.map((arg) => argumentRow(arg, "")));
    if (operation.result) lines.push(argumentRow(operation.result, "returns "));
    lines.push("");
  }
  if (operation.calls) lines.push(`May call: ${names(operation.calls)}.`, "");
  const words = nature(operation);
  if (words.length > 0) lines.push(`The engine: ${words.join("; ")}.`, "");
  if (operation.unseen)
    lines.push(
      `In no recording of ${operation.unseen.kernels.length === KERNELS.length ? "any kernel" : operation.unseen.kernels.join(", ")}: ${operation.unseen.why}.`,
      "",
    );
  if (operation.notes !== undefined) lines.push(operation.notes, "");
  return lines;
}

function legend(): string[] {
  const events = standardProbes.flatMap((operation) => probeLines(operation)).length;
  return [
    "# Catalogue of kernel operations",
    "",
    "<!-- Generated from the definitions beside it (`npm run docs`): change those, not this. -->",
    "",
    `${catalogue.length} operations, of which ${standardProbes.length} are probed by the standard set of ${events} dynamic events. Each is defined once, in the file of its subsystem; the probe file, the parsers, the types and this page derive from it.`,
    "",
    "An operation has an entry event under its own name, with the arguments of the call; where its return is probed, `NAME_ret` holds the result if there is one. Values on an entry were read before the call took effect. Fetch expressions are those of `kprobe_events` on x86-64.",
    "",
    "Types: `ptr` is an address and identifies an object for one lifetime (addresses are reused); `u8`, `s32`, `u32`, `x32` are numbers; `s64`, `u64`, `x64` are 64 bits wide and become a bigint; `x` prints in hexadecimal. What cannot be read prints as `(fault)`, as the name of the module at a null pointer does; a number that is printed after a fault is a leftover.",
    "",
    "## Operations by kernel",
    "",
    `${MARKS.recorded} in recordings of that kernel; ${MARKS.unseen} the kernel has it, but no recording shows it (the reason is with the operation); ${MARKS.unprobed} the kernel has it, and the standard probes leave it out; blank: absent, or inlined away.`,
    "",
    ...kernelTable(),
    "",
    "## What the engine asks of an operation",
    "",
    "| | |",
    "|---|---|",
    ...Object.entries(TRAITS).map(([trait, meaning]) => `| *${trait}* | ${meaning} |`),
    "",
  ];
}

const TYPES: { readonly [Type in FieldType]: string } = {
  pointer: "an object",
  pointers: "objects",
  stage: "a stage",
  observed: "a number that a probe prints",
  amount: "a number",
  tally: "a number",
  flag: "true or false",
  text: "text",
  event: "an event",
  events: "events",
  address: "an address",
  addresses: "addresses",
  descriptors: "descriptor to file",
};

function fieldRow([name, { type, to, stages, meaning, remembered }]: [string, Field]): string {
  const values = stages ? stages.join(" → ") : to === undefined ? TYPES[type] : `${TYPES[type]}: ${to}`;
  return `| ${code(name)} | ${values} | ${cell(meaning)}${remembered ? " *(remembered by the engine)*" : ""} |`;
}

function kindSection({ name, struct, source, summary, count, givenBack, fields }: KindDefinition<Kind>): string[] {
  const base = count.base ? `, of which ${count.base.references} is its own (${code(count.base.name)})` : "";
  const by = RETURNED_BY[name];
  const end = ENDED_BY[name];
  const facts = [
    `${code(struct)}, ${code(source)}`,
    `counted by ${code(count.name)}${base}`,
    ...(by ? [`a reference is given back by ${names([by])}`] : []),
    ...(end ? [`ended by ${names([end])}`] : []),
    ...(givenBack ? [`on an error path, ${givenBack.onError}; else ${givenBack.onRelease}`] : []),
  ];
  return [
    `### Kind: ${name}`,
    "",
    summary,
    "",
    `${facts.join("; ")}.`,
    "",
    "| field | | meaning |",
    "|---|---|---|",
    ...Object.entries(fields).map(fieldRow),
    "",
  ];
}

/** Lists the kinds of object whose lives kreel follows. */
function kindsChapter(): string[] {
  return [
    "## Kinds of object",
    "",
    "An object is an address and a lifetime. Each kind is defined once, in a file of its own in `kinds/`; types, snapshots, states, graphs and the words of `why` derive from it. Of every object are known its birth, its end, its count and the references on it; of a kind besides:",
    "",
    ...Object.values(kinds).flatMap(kindSection),
  ];
}

/** Returns the whole page, ending in one newline. */
export function referenceMarkdown(): string {
  const lines = [
    ...legend(),
    ...kindsChapter(),
    ...subsystems.flatMap((s) => [`## ${s.title}`, "", ...s.operations.flatMap(section)]),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}
