/** Kernels with a mistake, against the kernel without: the step that is missing or one too many is named. */
import test from "ava";
import { conform } from "../../src/conform/index.js";
import { kernels } from "../../src/kernels/index.js";
import { nameOf, recordingsOf } from "../support/recordings.js";
import { scenarioFor } from "../support/scenarios.js";

/** By mistake: the kernel's next step, and the event that the recording has instead. */
const SHOWN: Readonly<Record<string, readonly [string, RegExp, RegExp]>> = {
  "broken/leak-module-on-error/s09-enfile": ["gmem h v 64K", /^module_put/, /put_unused_fd\(fd=7\)/],
  "broken/leak-module-on-error/s18-fail-nth": ["gmem x2 v 64K 0 fail=2", /^module_put/, /put_unused_fd\(fd=8\)/],
  "broken/no-unmount-on-exit/s01-create-close": ["unload kvm_amd", /^kvm_gmem_exit/, /free_module/],
  "broken/no-unmount-on-exit/s09-enfile": ["unload kvm_amd", /^kvm_gmem_exit/, /free_module/],
  "broken/no-unmount-on-exit/s18-fail-nth": ["unload kvm_amd", /^kvm_gmem_exit/, /free_module/],
  "mistakes/bind-error-no-fput/s07-bad-args": ["bind w 1 0x100000 64K g 0", /^fput/, /kvm_gmem_bind returning -22/],
  "mistakes/bind-no-fput/s04-bind-unbind": ["bind v 1 0x100000 1M g 0", /^fput/, /kvm_gmem_bind returning 0/],
  "mistakes/double-module-put-on-error/s09-enfile": ["gmem h v 64K", /returns -ENFILE/, /module_put/],
  "mistakes/double-unmount/s01-create-close": ["unload kvm_amd", /^free_module/, /kern_unmount/],
  "mistakes/extra-ihold/s01-create-close": ["gmem g v 2M", /returns file/, /ihold/],
  "mistakes/extra-mntget/s01-create-close": ["gmem g v 2M", /returns file/, /mntget/],
  "mistakes/extra-s-active/s01-create-close": ["unload kvm_amd", /^kill_anon_super/, /free_module/],
  "mistakes/exit-unmounts-early/s01-create-close": ["unload kvm_amd", /^misc_deregister/, /kvm_gmem_exit/],
  "mistakes/fops-owner-null/s01-create-close": ["gmem g v 2M", /^try_module_get/, /try_module_get returning/],
  "mistakes/install-before-kvm-get/s01-create-close": ["gmem g v 2M", /^kvm_get_kvm/, /fd_install/],
  "mistakes/iput-on-success/s01-create-close": ["gmem g v 2M", /returns file/, /iput/],
  "mistakes/mntput-in-release/s01-create-close": ["close g", /^kvm_put_kvm/, /mntput/],
  "mistakes/module-put-in-release/s01-create-close": ["close g", /^dput/, /module_put/],
  "mistakes/no-i-size/s04-bind-unbind": ["bind v 1 0x100000 1M g 0", /^kvm_gmem_bind returns 0/, /err is -22, not 0/],
  "mistakes/no-iput-on-error/s09-enfile": ["gmem h v 64K", /^iput/, /module_put/],
  "mistakes/no-kvm-get/s01-create-close": ["gmem g v 2M", /^kvm_get_kvm/, /fd_install/],
  "mistakes/no-kvm-put-in-release/s01-create-close": ["close g", /^kvm_put_kvm/, /module_put/],
  "mistakes/no-module-get/s01-create-close": ["gmem g v 2M", /^try_module_get/, /kvm_gmem_inode_make_secure_inode/],
  "mistakes/no-put-unused-fd/s09-enfile": ["gmem i v 64K", /^get_unused_fd_flags returns 7/, /fd is 8, not 7/],
  "mistakes/no-security-hook/s01-create-close": ["gmem g v 2M", /^anon_inode_make_secure_inode/, /alloc_anon_inode/],
  "mistakes/owner-kvm-not-vendor/s01-create-close": ["gmem g v 2M", /^try_module_get/, /module is another module/],
  "mistakes/unbind-double-fput/s04-bind-unbind": ["unbind v 1", /^ret: unbind v 1 = 0/, /fput/],
  "mistakes/unbind-no-fput/s04-bind-unbind": ["unbind v 1", /^fput/, /ret: unbind v 1 = 0/],
  "mistakes/unbind-skipped/s04-bind-unbind": ["unbind v 1", /^kvm_gmem_unbind/, /ret: unbind v 1 = 0/],
  "mistakes/unmount-at-release/s01-create-close": ["close g", /^kvm_put_kvm/, /kern_unmount/],
  "mistakes/wrong-errno/s09-enfile": ["gmem h v 64K", /returns -ENFILE/, /file is -2, not -23/],
};

/** Mistakes that no probe shows, or not in this scenario. */
const UNSEEN = new Set([
  "broken/leak-module-on-error/s01-create-close",
  "mistakes/release-leaves-binding/s05-close-while-bound",
  "mistakes/unbind-leaves-entry/s04-bind-unbind",
]);

for (const path of recordingsOf("broken", "mistakes").filter((p) => !p.includes("wide"))) {
  const name = nameOf(path);
  test(`linux-6.12-patched and ${name}`, async (t) => {
    const scenario = await scenarioFor(path);
    if (
      !scenario ||
      scenario.lines.some((line) => line.operation.type === "load" && !line.operation.module.startsWith("kvm"))
    )
      return t.pass("no scenario of a simulated kernel");
    const { verdict, blocked } = await conform(path, scenario, kernels["linux-6.12-patched"]);
    const healthy = name.includes("/healthy/") || UNSEEN.has(name);
    t.is(verdict, healthy ? "admitted" : "not admitted", JSON.stringify(blocked));
    const shown = SHOWN[name];
    if (!shown) return;
    const [during, step, reason] = shown;
    const tasks = blocked.flat();
    t.true(
      tasks.some((task) => task.during === during && step.test(task.step) && reason.test(task.reason)),
      JSON.stringify(tasks),
    );
  });
}
