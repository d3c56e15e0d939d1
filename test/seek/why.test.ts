/** The last change of an object is one of its state, not of kreel's own notes. */
import { join } from "node:path";
import test from "ava";
import { importRecording } from "../../src/read/import.js";
import { Seeker } from "../../src/seek/seeker.js";
import { why } from "../../src/seek/why.js";
import { holderName } from "../../src/show/state.js";
import { folderOf } from "../log/file/helpers.js";

const OBJECT = String.raw`(?:(?:module|superblock|mount|inode|dentry|file|vm|memslot|fs_type) \S+(?:, )?)+`;
const POINTED = `(?:none|an object that is gone|${OBJECT})`;
const SAID = new RegExp(
  `^(?:a reference changed hands|born|gone|a wait for an RCU grace period|its RCU callback ran|its memory was handed back|unmounted|(?:superblock|inode|dentry|mount|module|vm|file|slots) ${POINTED} → ${POINTED}|(?:count|untraced references|stage|nlink|pages|name|descriptors|shared|fsName|magic|type|slot|files|offset) \\S.* → \\S.*)$`,
);

test("the last change of each object, at moments all over a recording", async (t) => {
  const path = join(folderOf(t), "log");
  await importRecording("fixtures/recordings/linux-7.2/s01-create-close.trace.gz", path);
  const seeker = Seeker.open(path);
  let told = 0;
  for (let event = 100; event <= seeker.events; event += 397) {
    for (const { last } of why(seeker, event, () => true, holderName)) {
      if (!last) continue;
      told++;
      t.true(last.event <= event);
      t.true(last.changed.length > 0);
      for (const line of last.changed) t.regex(line, SAID);
    }
  }
  t.true(told > 20);
  seeker.close();
});

test("what an object points at is named, and what is remembered of it for the rules is not told", async (t) => {
  const path = join(folderOf(t), "log");
  await importRecording("fixtures/recordings/linux-6.12/s01-create-close.trace.gz", path);
  const seeker = Seeker.open(path);
  const [file] = why(seeker, 1044, (object, world) => world.label(object) === "file 0xffff8880006066c0#6", holderName);
  seeker.close();
  t.deepEqual(file?.last?.changed, ["vm none → vm 0xffffc90000156000"]);
});

test("a reference that a call left to nobody says which call that was; one that is got for a caller does not", async (t) => {
  const path = join(folderOf(t), "log");
  await importRecording("fixtures/recordings/broken/leak-module-on-error/s09-enfile.trace.gz", path);
  const seeker = Seeker.open(path);
  const heldBy = (event: number, name: string): readonly string[] =>
    why(seeker, event, (object) => object.kind === "module" && object.name === name, holderName).flatMap(({ held }) =>
      held.map(({ owner }) => owner),
    );
  // A call in progress holds the reference itself.
  t.true(heldBy(1100, "kvm_amd").includes("kvm_gmem_create, in progress since event 1091"));
  t.deepEqual(
    heldBy(seeker.events, "kvm_amd"),
    [1091, 1127].map((event) => `an untraced caller, since kvm_gmem_create of event ${event} is over`),
  );
  t.deepEqual(heldBy(1000, "kvm"), ["an untraced caller"]);
  seeker.close();
});
