/** Two runs of one kernel have the same fingerprints; different mistakes have different ones. */
import test from "ava";
import type { RuleName } from "../../src/check/finding.js";
import { fingerprintOf } from "../../src/report/fingerprint.js";
import { recordingsOf, replayed } from "../support/recordings.js";

const of = (rule: RuleName, object: string, message: string): string => fingerprintOf({ rule, object, message });

test("an address, a lifetime, an event and a number make no difference", (t) => {
  const one = of(
    "leaked-inode",
    "inode 0xffff888100a00000",
    "kvm_gmem_create failed with ENFILE and left inode 0xffff888100a00000 behind, its count at 1; the healthy path …",
  );
  t.regex(one, /^[0-9a-f]{32}$/);
  t.is(
    one,
    of(
      "leaked-inode",
      "inode 0xffff888100b00000#7",
      "kvm_gmem_create failed with ENFILE and left inode 0xffff888100b00000#7 behind, its count at 12; the healthy path …",
    ),
  );
});

test("what lived on when a module was gone makes a difference, but not how much of it, in which order, or how far it had got", (t) => {
  const says = (live: string): string =>
    of("module-exit-in-use", "module kvm_amd", `the exit of module kvm_amd ran to its end while ${live}`);
  t.is(
    says("superblock 0x1, inode 0x2, inode 0x3 (evicting), file 0x4#4 still live"),
    says("file 0x9, superblock 0x8, inode 0x2 still live"),
  );
  t.not(says("inode 0x2 still lives"), says("file 0x9 still lives"));
});

test("a rule, an object, a call and an error make a difference", (t) => {
  const fingerprints = [
    of(
      "leaked-module-reference",
      "module kvm_amd",
      "kvm_gmem_create failed with ENFILE and still holds a reference on module kvm_amd",
    ),
    of(
      "leaked-module-reference",
      "module kvm_amd",
      "kvm_gmem_create failed with ENOMEM and still holds a reference on module kvm_amd",
    ),
    of(
      "leaked-module-reference",
      "module kvm_intel",
      "kvm_gmem_create failed with ENFILE and still holds a reference on module kvm_intel",
    ),
    of(
      "refcount-underflow",
      "module kvm_amd",
      "kvm_gmem_create failed with ENFILE and still holds a reference on module kvm_amd",
    ),
  ];
  t.is(new Set(fingerprints).size, fingerprints.length);
});

test("a race on four kernels: one mistake", async (t) => {
  const races = recordingsOf("race").filter((path) => path.includes("close-rmmod"));
  const found = await Promise.all(races.map(async (path) => (await replayed(path)).hazards.map(fingerprintOf)));
  t.true(found.length > 1);
  for (const hazards of found) t.deepEqual([...new Set(hazards)], [...new Set(found[0])]);
});
