/** The single writer: output for a terminal, and for a file or a pipe. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import { OBEYED, printable } from "../../src/base/trouble.js";
import { styleOf } from "../../src/show/style.js";
import { capturing } from "../support/captured.js";
import { CHARACTER } from "../support/texts.js";

const TEXT = fc.string({
  unit: fc.oneof(CHARACTER, fc.constantFrom("\u001b", "\u001b[31m", "\n", "\r", "\t", "\u202e", "\ud83d", "a")),
});
/** Characters that a terminal obeys, without the permitted ones. */
const left = (written: string, allowed: RegExp): string => (written.replace(allowed, "").match(OBEYED) ?? []).join("");

test("a line is one line wherever it goes, and holds nothing that is obeyed but tabs", (t) => {
  for (const terminal of [true, false]) {
    const { out, taken } = capturing({ terminal, colour: terminal });
    fc.assert(
      fc.property(TEXT, (text) => {
        out.line(text);
        const written = taken();
        t.is(written, `${text.split("\t").map(printable).join("\t")}\n`);
        t.is(left(written.slice(0, -1), /\t/g), "");
      }),
    );
  }
});

test("colours are those of its own style: the same codes from elsewhere are text", (t) => {
  const { out, taken } = capturing({ terminal: true, colour: true });
  const ansi = styleOf(true);
  fc.assert(
    fc.property(TEXT, fc.constantFrom("bold", "dim", "red", "yellow", "green", "cyan"), (text, name) => {
      out.line(`${text}${out.style[name](text)}${text}`);
      const shown = text.split("\t").map(printable).join("\t");
      t.is(taken(), `${shown}${ansi[name](shown)}${shown}\n`);
    }),
  );
  out.line(
    `${ansi.green("no findings")} ${capturing({ terminal: true, colour: true }).out.style.green("no findings")}`,
  );
  t.is(left(taken(), /\n/g), "");
  out.line(out.style.red(`a${out.style.bold("b")}c${out.style.red("d")}e`));
  t.is(
    taken(),
    `\u001b[31ma\u001b[1mb\u001b[22mc\u001b[31md\u001b[39m\u001b[31me\u001b[39m\n`,
    "what follows a colour inside has the one around it again",
  );
});

test("without colour there is none", (t) => {
  const { out, taken } = capturing({ terminal: true });
  out.line(out.style.bold(out.style.red("x")));
  t.is(taken(), "x\n");
});

test("data is exact in a file; on a terminal only its line feeds and tabs are left", (t) => {
  const [file, terminal] = [capturing({ terminal: false, colour: false }), capturing({ terminal: true, colour: true })];
  fc.assert(
    fc.property(TEXT, (text) => {
      const exact = Buffer.from(text).toString();
      for (const { out } of [file, terminal]) {
        out.write(text);
        out.row(text);
        out.write(Buffer.from(text));
      }
      t.is(file.taken(), `${exact}${exact}\n${exact}`);
      const safe = (shown: string): string =>
        shown
          .split(/(?<=[\n\t])|(?=[\n\t])/)
          .map((part) => (part === "\n" || part === "\t" ? part : printable(part)))
          .join("");
      t.is(terminal.taken(), `${safe(text)}${text.split("\t").map(printable).join("\t")}\n${safe(exact)}`);
    }),
  );
});

test("bytes that are no text stay as they are in a file", (t) => {
  const { out, taken } = capturing({ terminal: false });
  out.write("a");
  out.write(Uint8Array.of(0xff, 0x1b, 0x9b));
  t.is(taken(), "a\ufffd\u001b\ufffd");
});

test("several lines are as many lines", (t) => {
  const { out, taken } = capturing({ terminal: true });
  out.text("a\u001b[2J\r\nb\n");
  t.is(taken(), "a\\x1b[2J\\x0d\nb\n");
});

test("nothing else writes to standard output or standard error", (t) => {
  const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).filter(
    (path) => /\.tsx?$/.test(path) && !path.startsWith(join("ui", "page")),
  );
  t.true(sources.length > 200);
  const others = sources.filter((path) =>
    /\bconsole\.|process\.(?:stdout|stderr)\.(?!columns\b)|\b(?:writeSync|writeFileSync|createWriteStream)\(\s*[12]\b/.test(
      readFileSync(join("src", path), "utf8"),
    ),
  );
  // The watchdog thread ends the process when a user's module keeps the main thread busy: it writes a fixed sentence
  // and an escaped name.
  t.deepEqual(others, [join("own-kernel", "watchdog.ts")]);
});
