/** What changed an object last is said of its state, not of what is kept to tell about it. */
import { join } from "node:path";
import test from "ava";
import { importRecording } from "../../src/import.js";
import { Seeker } from "../../src/seek/seeker.js";
import { why } from "../../src/seek/why.js";
import { ownerName } from "../../src/show/state.js";
import { folderOf } from "../log/file/helpers.js";

test("the last change of each object, at moments all over a recording", async (t) => {
  const path = join(folderOf(t), "log");
  await importRecording("fixtures/recordings/linux-7.2/s01-create-close.trace.gz", path);
  const seeker = Seeker.open(path);
  let told = 0;
  for (let event = 100; event <= seeker.events; event += 397) {
    for (const { last } of why(seeker, event, () => true, ownerName)) {
      if (!last) continue;
      told++;
      t.true(last.event <= event);
      t.true(last.changed.length > 0);
      for (const line of last.changed) t.regex(line, /^(?:a reference changed hands|(?:count|unprobed|birth|death|stage|superblock|nlink|pages|module|ownFree|pendingRcu|callbacks|frees|name|inode|dentry|mount|vm|vmAddress|descriptors|shared|kept|gmem|made|fsName|unmounted|magic|ownsGmem|unpinned|type|slots|slot|file|files|offset|references) .*)$/s);
    }
  }
  t.true(told > 20);
  seeker.close();
});
