import test from "ava";
import { differingWords, markerOf } from "../../src/compare/markers.js";
import { node } from "./nodes.js";

const mark = (text: string): ReturnType<typeof markerOf> =>
  markerOf(node("tracing_mark_write", [JSON.stringify(text)]));
const same = (x: number, y: number): boolean => x === y;
const words = (before: string, after: string, racing = false): string[] =>
  differingWords(mark(`ret: x = ${before}`)!.result, mark(`ret: x = ${after}`)!.result, ["", ""], same, racing);

test("a marker is an operation or its result; anything else that user space writes is none", (t) => {
  t.deepEqual(mark("op: gmem g v 2M\n"), { phase: "op", command: "gmem g v 2M", result: [] });
  t.deepEqual(mark("ret: gmem g v 2M = 5\n"), { phase: "ret", command: "gmem g v 2M", result: ["5"] });
  t.deepEqual(mark("ret: close g = -1 EBADF"), { phase: "ret", command: "close g", result: ["-1", "EBADF"] });
  t.deepEqual(mark("ret: something"), { phase: "ret", command: "something", result: [] });
  t.is(mark("hello"), undefined);
  t.is(mark("options: none"), undefined);
  t.is(markerOf(node("kvm_exit", [])), undefined);
});

test("a value may hold spaces", (t) => {
  t.deepEqual(mark("ret: stat g = 0 mode=100600 link=/[kvm-gmem] (deleted)")!.result, [
    "0",
    "mode=100600",
    "link=/[kvm-gmem] (deleted)",
  ]);
});

test("results differ word by word, but not in numbers that a kernel hands out as it pleases", (t) => {
  t.deepEqual(words("0 size=4096 dev=f ino=289", "0 size=4096 dev=10 ino=7"), []);
  t.deepEqual(words("0 size=4096", "0 size=0"), ["size=4096 → size=0"]);
  t.deepEqual(words("0", "-1 EINVAL"), ["0 → -1", "nothing → EINVAL"]);
  t.deepEqual(words("0 refcnt=2", "0 refcnt=3"), ["refcnt=2 → refcnt=3"]);
});

test("a count that others change meanwhile is whatever it is; what an operation returns is not", (t) => {
  t.deepEqual(words("0 refcnt=11", "0 refcnt=9", true), []);
  t.deepEqual(words("0 refcnt=11", "0 size=9", true), ["refcnt=11 → size=9"]);
  t.deepEqual(words("0", "-1 EINVAL", true), ["0 → -1", "nothing → EINVAL"]);
});

test("a descriptor may be another one, a device of another file system may not", (t) => {
  t.deepEqual(
    differingWords(["5"], ["6"], ["", ""], () => true),
    [],
  );
  t.deepEqual(differingWords(["0", "dev=1"], ["0", "dev=2"], ["", "guest_memfd"], same), [
    "dev: that of anonymous inodes → that of guest_memfd",
  ]);
  t.deepEqual(differingWords(["0"], ["0"], ["", "guest_memfd"], same), [], "only where a result tells of a device");
});
