/**
 * Format files, `events/SYSTEM/NAME/format`: the offset of each field of an event. A recording's own are not trusted
 * either.
 */

/** Longer records do not fit a page. */
const MAX_RECORD = 1 << 20;

export interface Field {
  readonly name: string;
  /** The C type as written: `u64`, `__data_loc char[]`, `char`. */
  readonly type: string;
  readonly offset: number;
  /** 0: to the end of the record. */
  readonly size: number;
  readonly signed: boolean;
  /** It has brackets after its name or its type. */
  readonly isArray: boolean;
}

export interface EventFormat {
  readonly system: string;
  readonly name: string;
  /** The records' `common_type`. */
  readonly id: number;
  readonly fields: ReadonlyMap<string, Field>;
  /** The kernel's print format: `"%s %s", __get_str(name), …`. */
  readonly print: string;
  /** The reason why it cannot be used to decode, if there is one. */
  readonly fault: string | undefined;
}

const PRINT = "print fmt:";
const FIELD = /^\s*field:\s*([^;]{1,500});\s*offset:(\d{1,9});\s*size:(\d{1,9});(?:\s*signed:([01]);)?/;

/** Parses a format; `undefined` for a text that has no name or number. */
export function parseFormat(system: string, text: string): EventFormat | undefined {
  const head = text.slice(0, 4096);
  const name = /^name: (\S{1,200})$/m.exec(head)?.[1];
  const id = Number(/^ID: (\d{1,5})$/m.exec(head)?.[1] ?? Number.NaN);
  if (name === undefined || !(id <= 0xffff)) return undefined;
  const { fields, fault } = parseFields(text);
  const print = text.indexOf(PRINT);
  return { system, name, id, fields, print: print < 0 ? "" : text.slice(print + PRINT.length), fault };
}

/** Parses the lines `field:TYPE NAME;	offset:N;	size:N;	signed:N;` of a text. */
export function parseFields(text: string): {
  readonly fields: ReadonlyMap<string, Field>;
  readonly fault: string | undefined;
} {
  const fields = new Map<string, Field>();
  let fault: string | undefined;
  for (const line of text.split("\n")) {
    if (line.startsWith(PRINT)) break;
    const match = FIELD.exec(line);
    if (!match) {
      if (/^\s*field:/.test(line)) fault ??= "a field cannot be understood";
      continue;
    }
    const field = fieldOf(match[1]!.trim(), Number(match[2]), Number(match[3]), match[4] === "1");
    if (!field) fault ??= "a field has no name";
    else if (field.offset + field.size > MAX_RECORD)
      fault ??= `the field ${field.name} is beyond what a record can have`;
    else if (fields.has(field.name)) fault ??= `there are two fields ${field.name}`;
    else fields.set(field.name, field);
  }
  return { fields, fault: fault ?? overlap([...fields.values()]) };
}

function fieldOf(declaration: string, offset: number, size: number, signed: boolean): Field | undefined {
  const match = /^(.*?)([A-Za-z_]\w*)\s*((?:\[[^\]]*\])*)$/.exec(declaration);
  const type = match?.[1]!.trim();
  if (!match || !type) return undefined;
  return { name: match[2]!, type, offset, size, signed, isArray: match[3] !== "" || type.endsWith("]") };
}

/** Returns the fault if two fields share a byte. */
function overlap(fields: readonly Field[]): string | undefined {
  const sorted = fields.filter(({ size }) => size > 0).sort((a, b) => a.offset - b.offset);
  const k = sorted.findIndex((field, j) => j > 0 && field.offset < sorted[j - 1]!.offset + sorted[j - 1]!.size);
  return k < 0 ? undefined : `the fields ${sorted[k - 1]!.name} and ${sorted[k]!.name} overlap`;
}
