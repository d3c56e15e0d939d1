/** Tests that a file's name is removed only from that file. */
import { closeSync, openSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import { putBack, removeOwn, whoseName } from "../../../src/log/file/own-file.js";
import { folderOf } from "./helpers.js";

test("whatever the names of three files become, removing one by its name removes no other", (t) => {
  const names = ["a", "b", "c", "d"];
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)), { maxLength: 6 }), (moves) => {
      const folder = folderOf(t);
      const own = openSync(join(folder, "a"), "wx+");
      for (const name of ["b", "c"]) writeFileSync(join(folder, name), name);
      const there = (): string[] => readdirSync(folder);
      for (const [from, to] of moves) if (there().includes(from)) renameSync(join(folder, from), join(folder, to));
      const others = there().filter((name) => whoseName(join(folder, name), own) === "another");
      const whose = whoseName(join(folder, "a"), own);
      t.is(whose === "nobody", !there().includes("a"));
      const before = there();
      removeOwn(join(folder, "a"), own);
      t.deepEqual(there(), whose === "own" ? before.filter((name) => name !== "a") : before);
      for (const name of others) t.regex(readFileSync(join(folder, name), "utf8"), /^[bc]$/);
      closeSync(own);
    }),
    { numRuns: 60 },
  );
});

test("a file whose name another has by now keeps the one that it has", (t) => {
  const folder = folderOf(t);
  const [aside, path] = [join(folder, "aside"), join(folder, "a")];
  writeFileSync(aside, "one");
  putBack(aside, path);
  t.deepEqual(readdirSync(folder), ["a"]);
  writeFileSync(aside, "other");
  putBack(aside, path);
  t.deepEqual([readFileSync(path, "utf8"), readFileSync(aside, "utf8")], ["one", "other"]);
});
