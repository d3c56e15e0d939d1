/** The list is the same wherever its chunks are: all in memory, or all but the latest in a store. */
import test from "ava";
import { coldChunks } from "../../src/replay/operation-chunks.js";
import { OperationList } from "../../src/reduce/operation-list.js";

const NAMES = ["", "kvm_init", "kvm_gmem_create", "__fput"];
const LENGTH = 1_300_000;

test("a list that is longer than what stays in memory, with returns that come long after", (t) => {
  let files = 0;
  const lists = [new OperationList(NAMES), new OperationList(NAMES, () => (files++, coldChunks()))];
  for (const list of lists) {
    for (let k = 0; k < LENGTH; k++) {
      if (list.push(1 + (k % 3), k % 7, k + 1) !== k) t.fail();
      if (k % 3 === 0) list.returned(k, -k);
      // The record of this operation is in the store by now.
      if (k % 1000 === 999) list.returned(Math.floor(k / 1000) * 3 + 1, k);
    }
  }
  t.is(files, 1);
  for (const list of lists) {
    let k = 0;
    for (const record of list) {
      const late = k % 3 === 1 && k < (LENGTH / 1000) * 3;
      const result = k % 3 === 0 ? -k : late ? ((k - 1) / 3) * 1000 + 999 : undefined;
      if (
        record.name !== NAMES[1 + (k % 3)] ||
        record.task !== k % 7 ||
        record.event !== k + 1 ||
        record.result !== result
      )
        t.fail(`${k}: ${JSON.stringify(record)}`);
      k++;
    }
    t.is(k, LENGTH);
  }
  t.deepEqual([...lists[1]!].slice(3, 5), [
    { name: "kvm_init", task: 3, event: 4, result: -3 },
    { name: "kvm_gmem_create", task: 4, event: 5, result: 1999 },
  ]);
});
