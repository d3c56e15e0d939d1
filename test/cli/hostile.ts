/** Recordings, a log, scenarios, file names and words made to harm any program that shows them. */
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ndjsonText } from "../../src/export/ndjson.js";
import { writeLog } from "../../src/read/import.js";
import { openRecording } from "../../src/read/recording.js";
import { RECORDINGS, textOf } from "../support/recordings.js";

/** Begins a line if the text before it could end its own line. */
export const FORGED = "FORGED: no findings";

/** Each by itself, since only the first might get through. None is a code that kreel uses itself. */
export const ATTACKS: readonly string[] = [
  "\u001b[35;8m",
  "\u001b[2J\u001b[H",
  "\u001b]52;c;ZXZpbA==\u0007",
  "\u001b]0;title\u001b\\",
  "\u001bP$q\u001b\\",
  "\u009b2J\u0090q\u009c",
  "\u202egpj.\u2066x\u2069",
  "\u200b\u2060\u061c\ufeff",
  "\u{e0041}\u{e0042}",
  "\b\b\b\u007f\u000e\u0000",
  `\r${FORGED}`,
  `\n${FORGED}\r\n${FORGED}`,
  `\u2028${FORGED}\u0085${FORGED}\u000b${FORGED}\u000c${FORGED}`,
];
/** All in one, for arguments, which hold no zero byte. */
export const WORD = `evil${ATTACKS.join("").replaceAll("\u0000", "")}`;
/** The same for file names, which are shorter. */
const NAMES: readonly string[] = [ATTACKS.slice(0, 4).join(""), ATTACKS.slice(5).join("").replaceAll("\u0000", "")];

export interface Hostile {
  /** A name for a new file, as bad as the others. */
  fresh(): string;
  /** A path without a file. */
  readonly nowhere: string;
  /** One leak, in every format that holds hostile names. */
  readonly text: string;
  readonly ndjson: string;
  readonly log: string;
  /** A file that is no recording. */
  readonly nothing: string;
  /** A scenario that can be carried out, and one that cannot. */
  readonly scenario: string;
  readonly badScenario: string;
}

const LEAK = `${RECORDINGS}/broken/leak-module-on-error/s09-enfile.trace.gz`;
/** The lines of two calls of the leaking recording, with their surroundings. */
const LINES = [1000, 1190] as const;
const SCENARIO = "fixtures/scenarios/linux-6.12/s01-create-close.scn";

let made = 0;

export async function hostile(): Promise<Hostile> {
  const folder = join(mkdtempSync(join(tmpdir(), "kreel-")), NAMES[0]!);
  mkdirSync(folder);
  const fresh = (): string => join(folder, `${made++}${NAMES[1]!}`);
  const file = (content: string | Buffer): string => {
    const path = fresh();
    writeFileSync(path, content);
    return path;
  };
  const text = file(Buffer.from(textLines(), "latin1"));
  const ndjson = file(await ndjsonLines(text));
  const scenario = fresh();
  copyFileSync(SCENARIO, scenario);
  return {
    fresh,
    nowhere: join(folder, "none", WORD),
    text,
    ndjson,
    log: await logOf(ndjson, fresh()),
    nothing: file(`${WORD}\n${WORD}\n`),
    scenario,
    badScenario: file(`vm v 1\n${WORD}\nclose ${WORD}\n`),
  };
}

/** Bytes as latin1: tasks, a module, markers, remarks, an operation and unknown lines. */
function textLines(): string {
  const lines = textOf(LEAK)
    .split("\n")
    .slice(...LINES);
  const attack = (k: number): string => bytes(ATTACKS[k % ATTACKS.length]!.replaceAll("\n", ""));
  const head = [
    "# tracer: nop",
    ...["release", "command", "config", "refused", "stands-in", "lost"].map(
      (name) => `# kreel ${name}: ${bytes(WORD).replaceAll("\n", "")}`,
    ),
    "#",
  ];
  const events = lines.map((line, k) =>
    line
      .replace(/^ *gmemrun(?=-)/, () => `e${attack(Math.floor(k / 40))}`.padStart(16))
      .replace('"kvm_amd"', () => `"kvm${attack(2)}${attack(6)}"`)
      .replace(/(tracing_mark_write: )(.*)/, (_, name: string, said: string) => `${name}${said} ${attack(k)}`),
  );
  const [unknown] = events.filter((line) => line.includes(": iput: "));
  return [
    ...head,
    ...events,
    unknown!.replace(/: iput: .*/, () => `: evil${bytes(ATTACKS[0]!)}op: (x+0x4/0x8) a=${attack(1)}`),
    attack(0),
    `${attack(3)} no event`,
    "",
  ].join("\n");
}

/** The same with content that only this format can hold: line feeds, lone surrogates, an origin that does not exist. */
async function ndjsonLines(path: string): Promise<string> {
  const recording = await openRecording(path);
  let written = "";
  for await (const piece of ndjsonText(recording)) written += piece;
  await recording.close();
  const lines = written
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  lines[0] = { ...lines[0], origin: { path: WORD, format: WORD } };
  const attackOf = (k: number): string => ATTACKS[Math.floor((k * ATTACKS.length) / lines.length)]!;
  const named = lines.map((line, k) => ("seq" in line ? withNames(line, attackOf(k)) : line));
  return named.map((line) => `${JSON.stringify(line)}\n`).join("");
}

function withNames(event: Record<string, unknown>, attack: string): Record<string, unknown> {
  const args = event["args"] as Record<string, unknown> | undefined;
  return {
    ...event,
    comm: `e${attack}\ud800`,
    ...(event["place"] === null ? {} : { place: `${String(event["place"])}${attack}` }),
    ...(args === undefined
      ? { operation: `evil${attack}`, text: attack }
      : {
          args: Object.fromEntries(
            Object.entries(args).map(([name, value]) => [
              name,
              typeof value === "string" && !value.startsWith("0x") ? `${value}${attack}` : value,
            ]),
          ),
        }),
  };
}

/** With warnings from its import. */
async function logOf(recording: string, path: string): Promise<string> {
  const read = await openRecording(recording);
  read.report.warnings.push(WORD, ...ATTACKS);
  await writeLog(read, path);
  await read.close();
  return path;
}

function bytes(text: string): string {
  return Buffer.from(text).toString("latin1");
}
