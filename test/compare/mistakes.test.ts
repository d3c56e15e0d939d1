/**
 * A kernel with a mistake against the same kernel without: the diff shows the wrong or missing call, and its
 * consequences.
 */
import test from "ava";
import type { DifferenceKind } from "../../src/compare/types.js";
import { replay } from "../../src/replay/replay.js";
import { recordingsOf } from "../support/recordings.js";
import { diffOf, told } from "./histories.js";

/** A difference by kind, operation, and where it is: each must be told. */
type Shown = readonly [kind: DifferenceKind, operation: string, where: string];

const MISTAKES: { readonly [recording: string]: readonly Shown[] } = {
  "bind-error-no-fput/s07-bad-args": [
    ["operation-removed", "fput", "bind w 1 0x100000 64K g 0"],
    ["operation-removed", "fput", "bind v 1 0x100000 128K g 0"],
    ["operation-removed", "__fput", "close g"],
  ],
  "bind-no-fput/s04-bind-unbind": [
    ["operation-removed", "fput", "bind v 1 0x100000 1M g 0"],
    ["operation-removed", "fput", "bind v 2 0x400000 1M g 1M"],
    ["operation-removed", "kvm_gmem_release", "close g"],
  ],
  "double-iput-on-error/s09-enfile": [["operation-added", "iput", "gmem h v 64K"]],
  "double-module-put-on-error/s09-enfile": [
    ["operation-added", "module_put", "gmem h v 64K"],
    ["operation-added", "module_put", "gmem i v 64K"],
  ],
  "double-unmount/s01-create-close": [["operation-added", "kern_unmount", "unload kvm_amd"]],
  "error-path-forgets-everything/s09-enfile": [
    ["operation-removed", "module_put", "gmem h v 64K"],
    ["operation-removed", "iput", "gmem h v 64K"],
    ["operation-removed", "module_put", "gmem i v 64K"],
  ],
  "extra-ihold/s01-create-close": [
    ["operation-added", "ihold", "gmem g v 2M"],
    ["operation-removed", "evict", "close g"],
  ],
  "extra-mntget/s01-create-close": [
    ["operation-added", "mntget", "gmem g v 2M"],
    ["operation-removed", "kill_anon_super", "unload kvm_amd"],
  ],
  "extra-s-active/s01-create-close": [["operation-removed", "kill_anon_super", "unload kvm_amd"]],
  "fops-owner-null/s01-create-close": [
    ["operation-removed", "try_module_get", "gmem g v 2M"],
    ["operation-removed", "module_put", "close g"],
    ["state-changed", "", "gmem g v 2M"],
  ],
  "fput-after-install/s01-create-close": [
    ["operation-added", "fput", "gmem g v 2M"],
    ["operation-reordered", "__fput", "gmem g v 2M"],
  ],
  "init-error-leaks-mount/s19-init-fails": [
    ["operation-removed", "kvm_gmem_exit", "load kvm-amd"],
    ["operation-removed", "kern_unmount", "load kvm-amd"],
  ],
  "iput-on-success/s01-create-close": [
    ["operation-added", "iput", "gmem g v 2M"],
    ["operation-added", "evict", "gmem g v 2M"],
  ],
  "kvm-get-not-undone-on-error/s09-enfile": [
    ["operation-reordered", "kvm_get_kvm", "gmem g v 64K"],
    ["operation-added", "kvm_get_kvm", "gmem h v 64K"],
    ["operation-added", "kvm_get_kvm", "gmem i v 64K"],
  ],
  "kvm-put-on-error/s09-enfile": [["operation-added", "kvm_put_kvm", "gmem h v 64K"]],
  "mntput-in-release/s01-create-close": [["operation-added", "mntput", "close g"]],
  "module-put-in-release/s01-create-close": [
    ["operation-added", "module_put", "close g"],
    ["result-changed", "", "refcnt kvm_amd"],
  ],
  "mount-per-create/s01-create-close": [["operation-added", "kern_mount", "gmem g v 2M"]],
  "no-iput-on-error/s09-enfile": [
    ["operation-removed", "iput", "gmem h v 64K"],
    ["operation-removed", "evict", "gmem h v 64K"],
  ],
  "no-kvm-get/s01-create-close": [
    ["operation-removed", "kvm_get_kvm", "gmem g v 2M"],
    ["operation-added", "kvm_destroy_vm", "close g"],
  ],
  "no-kvm-put-in-release/s01-create-close": [
    ["operation-removed", "kvm_put_kvm", "close g"],
    ["operation-removed", "kvm_destroy_vm", "close v"],
  ],
  "no-module-get/s01-create-close": [["operation-removed", "try_module_get", "gmem g v 2M"]],
  "no-put-unused-fd/s09-enfile": [
    ["operation-removed", "put_unused_fd", "gmem h v 64K"],
    ["operation-removed", "put_unused_fd", "gmem i v 64K"],
    ["result-changed", "", "gmem j v 64K"],
  ],
  "owner-kvm-not-vendor/s01-create-close": [
    ["argument-changed", "try_module_get", "gmem g v 2M"],
    ["argument-changed", "module_put", "close g"],
  ],
  "unbind-double-fput/s04-bind-unbind": [
    ["operation-added", "fput", "unbind v 1"],
    ["operation-reordered", "__fput", "unbind v 1"],
  ],
  "unbind-no-fput/s04-bind-unbind": [
    ["operation-removed", "fput", "unbind v 1"],
    ["operation-removed", "fput", "unbind v 2"],
    ["operation-removed", "__fput", "close g"],
  ],
  "unbind-skipped/s04-bind-unbind": [
    ["operation-removed", "kvm_gmem_unbind", "unbind v 1"],
    ["operation-removed", "kvm_gmem_unbind", "unbind v 2"],
  ],
  "unmount-at-release/s01-create-close": [
    ["operation-added", "kern_unmount", "close g"],
    ["operation-added", "kill_anon_super", "close g"],
    ["operation-removed", "kill_anon_super", "unload kvm_amd"],
  ],
};

/** Mistakes that break no rule: these are all their differences, and none is a finding. */
const HARMLESS: { readonly [recording: string]: readonly Shown[] } = {
  "exit-unmounts-early/s01-create-close": [["operation-reordered", "misc_deregister", "unload kvm_amd"]],
  "install-before-kvm-get/s01-create-close": [["operation-reordered", "fd_install", "gmem g v 2M"]],
  "no-i-size/s01-create-close": [["result-changed", "", "stat g"]],
  "no-security-hook/s01-create-close": [
    ["operation-removed", "anon_inode_make_secure_inode", "gmem g v 2M"],
    ["operation-removed", "security_inode_init_security_anon", "gmem g v 2M"],
  ],
  "release-leaves-binding/s05-close-while-bound": [],
  "unbind-leaves-entry/s04-bind-unbind": [],
  "unbind-leaves-entry/s20-bind-nomem": [
    ["result-changed", "kvm_gmem_bind", "bind v 2 0x400000 64K g 0"],
    ["result-changed", "", "bind v 2 0x400000 64K g 0"],
    ["operation-removed", "kvm_gmem_unbind", "unbind v 2"],
    ["operation-removed", "fput", "unbind v 2"],
    ["result-changed", "", "unbind v 2"],
    ["state-changed", "", "whole recording"],
  ],
  "wrong-errno/s09-enfile": ["gmem h v 64K", "gmem i v 64K"].flatMap((where): Shown[] => [
    ["result-changed", "kvm_gmem_create", where],
    ["result-changed", "kvm_gmem_inode_create_getfile", where],
    ["result-changed", "", where],
  ]),
};

const pathOf = (recording: string): string => `fixtures/recordings/mistakes/${recording}.trace.gz`;
const healthy = (recording: string): string => pathOf(`healthy/${recording.slice(recording.indexOf("/") + 1)}`);
const asShown = ([kind, operation, where]: Shown): string => `${kind} ${operation} ${where}`;

for (const [recording, shown] of Object.entries(MISTAKES)) {
  test(`the mistake shows against the same kernel without it, with what replay finds: ${recording}`, async (t) => {
    const d = await diffOf(healthy(recording), pathOf(recording));
    const found = new Set(d.differences.map((x) => `${x.kind} ${x.operation ?? ""} ${x.where}`));
    for (const one of shown)
      t.true(
        found.has(asShown(one)),
        `${asShown(one)} is told among ${d.differences.slice(0, 12).map(told).join("; ")}`,
      );
    const { findings } = await replay(pathOf(recording));
    t.deepEqual(
      d.differences.filter((x) => x.kind === "finding-introduced").map((x) => x.message.split(":")[0]),
      findings.map((f) => f.rule),
    );
    t.true(d.hunks.length > 0);
    // The first difference is the mistake, or the value that shows it.
    t.true(
      shown.some(([, , where]) => d.differences[0]!.where === where),
      told(d.differences[0]!),
    );
  });
  test(`the other way round the mistake is mended: ${recording}`, async (t) => {
    const d = await diffOf(pathOf(recording), healthy(recording));
    const { findings } = await replay(pathOf(recording));
    t.deepEqual(
      d.differences.filter((x) => x.kind === "finding-fixed").map((x) => x.message.split(":")[0]),
      findings.map((f) => f.rule),
    );
    t.true(d.differences.every((x) => x.kind !== "finding-introduced"));
  });
}

for (const [recording, shown] of Object.entries(HARMLESS)) {
  test(`what breaks no rule shows as it is and as nothing more: ${recording}`, async (t) => {
    const d = await diffOf(healthy(recording), pathOf(recording));
    t.deepEqual(
      d.differences.map((x) => `${x.kind} ${x.operation ?? ""} ${x.where}`),
      shown.map(asShown),
    );
  });
}

test("every mistake has been compared", (t) => {
  const compared = new Set([...Object.keys(MISTAKES), ...Object.keys(HARMLESS)].map((r) => r.split("/")[0]));
  for (const path of recordingsOf("mistakes")) {
    const mistake = path.split("/")[3]!;
    if (mistake !== "healthy") t.true(compared.has(mistake), mistake);
  }
});
