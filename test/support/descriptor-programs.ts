/**
 * Programs that do to descriptors whatever can be done: copies, ranges, children, messages, mappings, other programs.
 */
import fc from "fast-check";

const name = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom("a", "b", "c", "g") },
  { weight: 1, arbitrary: fc.constant("v") },
);
const end = fc.constantFrom("s.0", "s.1");
const mapping = fc.constantFrom("m", "n");
/** Those below are the interpreter's own, and stay. */
const fd = fc.integer({ min: 5, max: 11 }).map(String);
const pages = fc.constantFrom("4K", "8K", "64K");
const line = (...words: readonly (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> =>
  fc.tuple(...words.map((word) => (typeof word === "string" ? fc.constant(word) : word))).map((of) => of.join(" "));

/** Two files with two descriptors each: 5 and 7, 8 and 9. */
const BEGIN = "load kvm\nload kvm-amd\nvm v\ngmem g v 64K\ndup a g\ngmem b v 64K\ndup c b\n";

/** Most files have several descriptors, and most of them are closed in one way or another. */
const common = fc.oneof(
  line("gmem", name, "v", "64K", fc.constantFrom("0", "3")),
  line("dup", name, name),
  line("dup2", name, name),
  line("close", name),
  line("closerange", fd, fd, fc.constantFrom("0", "0", "2", "4", "6")),
);

const rare = fc.oneof(
  line("vm", name),
  line("bind", "v", fc.constantFrom("0", "1"), fc.constantFrom("0", "1M"), "64K", name),
  line("unbind", "v", fc.constantFrom("0", "1")),
  line("dupto", name, fd, name),
  line("dupfd", name, name, fd),
  line("dupmany", name, fc.constantFrom("1", "3")),
  line("cloexec", name),
  line("socket", "s"),
  line("send", end, name),
  line("recv", end, name),
  line("close", end),
  line("map", mapping, name, fc.constantFrom("0", "4K"), pages),
  line("mapprivate", name, "0", pages),
  line("mapexec", name, "0", pages),
  line("protectexec", mapping),
  line("unmap", mapping),
  line("getfl", name),
  line("statfs", name),
  line("execveat", name),
  line("allocate", name, "0", "64K"),
  line("punch", name, "0", "8K"),
  line("unsharefiles"),
  line("refcnt", "kvm_amd"),
);

const operation = fc.oneof(common, rare);
const child = operation.map((text) => `child ${text}`);
const process = fc.oneof(
  line("fork", fc.constantFrom("1", "40")),
  line("exec", fc.constantFrom("1", "40")),
  line("vfork", fc.constantFrom("1", "40")),
  line("wait"),
);

/** The lines of one process and its children, and how it ends besides by running out of lines. */
export function descriptorProgram(size: number): fc.Arbitrary<string> {
  const lines = fc.array(
    fc.oneof({ weight: 8, arbitrary: operation }, { weight: 2, arbitrary: child }, { weight: 1, arbitrary: process }),
    { minLength: 1, maxLength: size, size: "max" },
  );
  const last = fc.constantFrom("", "execself g\n", "poke m\n", "closerange 5 100\n");
  return fc.tuple(lines, last).map(([of, how]) => `${BEGIN}${of.join("\n")}\n${how}`);
}

/** The same with threads that share the table, or leave it. */
export function threadedProgram(size: number): fc.Arbitrary<string> {
  const thread = (of: string): fc.Arbitrary<string[]> =>
    fc.array(
      operation.map((text) => `@${of} ${text}`),
      { minLength: 1, maxLength: size },
    );
  return fc
    .tuple(
      fc.array(operation, { maxLength: size }),
      thread("ta"),
      thread("tb"),
      fc.array(operation, { maxLength: size }),
    )
    .map((parts) => {
      const [before, ta, tb, after] = parts.map((of) => of.join("\n"));
      return `${BEGIN}${before}\n${ta}\n${tb}\ngo\n${after}\n`;
    });
}
