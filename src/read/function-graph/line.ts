// One line of the function_graph tracer: fields before the last bar, each only if the tracer's options have it, and
// after it the call or its end, indented by two spaces for each call around it.
//
//     66.371404 |   0)  gmemrun-126   | + 10.335 us   |      read_hpet();
//     66.371410 |   0)  gmemrun-126   |               |    get_unused_fd_flags() {
//     66.371505 |   0)  gmemrun-126   | ! 106.837 us  |    } /* get_unused_fd_flags */
//     66.374509 |   0)  gmemrun-126   |               |  /* ret: gmem g v 2M = 5 */

/** The content of a line after its fields. */
export type Shown =
  /** A call: over within the line (`leaf`), or with more lines inside. */
  | { readonly what: "call"; readonly name: string; readonly depth: number; readonly leaf: boolean }
  /** The end of a call; it has a name only with an option (funcgraph-tail), or if its beginning is far away. */
  | { readonly what: "end"; readonly name: string | undefined; readonly depth: number }
  /** Text that a program wrote to trace_marker, or the kernel with trace_printk: the tracer does not tell which. */
  | { readonly what: "text"; readonly text: string }
  /** An interrupt begins or ends. */
  | { readonly what: "interrupt" };

export interface GraphLine {
  /** Seconds as printed, with the option funcgraph-abstime. */
  readonly time: string | undefined;
  readonly cpu: number | undefined;
  /** Present with the option funcgraph-proc; the name is cut to seven bytes. */
  readonly task: { readonly comm: string; readonly pid: number } | undefined;
  readonly shown: Shown;
}

const TIME = /^ *(\d{1,15}\.\d{1,9}) +\| */;
const CPU = /^ *(\d{1,5})\) */;
/** A task precedes fields that are not known yet: it extends to the last dash and digits before a bar. */
const TASK = /^ *(\S.{0,14}?)-(\d{1,10}) +\| */;
const FLAGS = /^ *[.\dA-Za-z]{4,7} +\| */;
const DURATION = /^ *(?:[+!#*@$] *)?(?:\d[\d.]* us)? *\|(?: {2})?/;
const CALL = /^( *)([\w.$]{1,512})(?: \[[^\]]*\])?\(/;
/** After the closing parenthesis of a call: its continuation, and a comment up to the end of the line. */
const CALL_ENDS = /\)(?: (\{)|;)(?: +\/\*|$)/y;
const END = /^( *)\}(?: +\/\* ([\w.$]{1,512})?[^]*\*\/)?$/;
const TEXT = /^ *\/\* ?([^]*?) ?\*\/$/;
const INTERRUPT = /^ *(?:={5,}>|<={5,}) *\| *$/;
/** Two names, two numbers and the text between them. */
const MAX_TASK_SWITCH = 256;
const TASK_SWITCH = /^ *(\d{1,5})\) +\S.*? +=> +(\S.{0,14}?)-(\d{1,10}) *$/;

/** Reads a line; `undefined` if it is not one of the tracer's events. */
export function parseGraphLine(line: string): GraphLine | undefined {
  let rest = line;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    const match = pattern.exec(rest);
    if (!match) return undefined;
    rest = rest.slice(match[0].length);
    return match;
  };
  const time = take(TIME)?.[1];
  const cpu = take(CPU)?.[1];
  if (time === undefined && cpu === undefined) return undefined;
  const who = take(TASK);
  const fields = {
    time,
    cpu: cpu === undefined ? undefined : Number(cpu),
    task: who ? { comm: who[1]!, pid: Number(who[2]) } : undefined,
  };
  if (INTERRUPT.test(rest)) return { ...fields, shown: { what: "interrupt" } };
  take(FLAGS);
  if (!take(DURATION)) return undefined;
  const shown = shownIn(rest);
  return shown && { ...fields, shown };
}

function shownIn(text: string): Shown | undefined {
  const call = CALL.exec(text);
  const last = call ? callEnd(text, call[0].length) : undefined;
  if (call && last) return { what: "call", name: call[2]!, depth: call[1]!.length, leaf: last[1] === undefined };
  const end = END.exec(text);
  if (end) return { what: "end", name: end[2], depth: end[1]!.length };
  const words = TEXT.exec(text);
  return words ? { what: "text", text: words[1]! } : undefined;
}

/**
 * Returns the last position after `from` at which a call's line may end. Not a regular expression: in a line full of
 * such positions, it would search the rest from each.
 */
function callEnd(text: string, from: number): RegExpExecArray | undefined {
  const commented = text.endsWith("*/");
  for (let close = text.lastIndexOf(")"); close >= from; close = close === 0 ? -1 : text.lastIndexOf(")", close - 1)) {
    CALL_ENDS.lastIndex = close;
    const ends = CALL_ENDS.exec(text);
    const end = close + (ends?.[0].length ?? 0);
    if (ends && (end === text.length || (commented && end <= text.length - 2))) return ends;
  }
  return undefined;
}

/** Reads ` 0)     init-1     =>    grep-125   `: from here on the CPU runs another task. */
export function parseTaskSwitch(
  line: string,
): { readonly cpu: number; readonly comm: string; readonly pid: number } | undefined {
  const match = line.length > MAX_TASK_SWITCH ? null : TASK_SWITCH.exec(line);
  return match ? { cpu: Number(match[1]), comm: match[2]!, pid: Number(match[3]) } : undefined;
}
