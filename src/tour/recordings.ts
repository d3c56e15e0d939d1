/** The recordings of the tour, which the package contains (`files` in package.json). */
import { fileURLToPath } from "node:url";
import type { Simulated } from "./types.js";

/** The package's own folder, wherever it is installed. */
export const PACKAGE = fileURLToPath(new URL("../../../", import.meta.url));

const RECORDINGS = "fixtures/recordings";
const PATCHED = `${RECORDINGS}/linux-6.12-patched`;
const SCENARIO = "fixtures/scenarios/linux-6.12/s01-create-close.scn";

/** Before the patch: a guest_memfd is created and closed. */
export const BEFORE = `${RECORDINGS}/linux-6.12/s01-create-close.trace.gz`;
/** The same with the patch. */
export const AFTER = `${PATCHED}/s01-create-close.trace.gz`;
export const NO_DESCRIPTORS = `${PATCHED}/s08-emfile.trace.gz`;
export const NO_FILES = `${PATCHED}/s09-enfile.trace.gz`;
export const NO_MEMORY = `${PATCHED}/s18-fail-nth.trace.gz`;
export const BUSY = `${PATCHED}/s12-rmmod-busy.trace.gz`;
export const CLOSE_AND_UNBIND = `${PATCHED}/s16-race-close-unbind.trace.gz`;
export const CLOSE_AND_UNLOAD = `${RECORDINGS}/race/linux-6.12-patched-close-rmmod.trace.gz`;
export const LOAD_FAILS = `${RECORDINGS}/mistakes/healthy/s19-init-fails.trace.gz`;

/** Kernels with a deliberate mistake. */
export const FORGETS_MODULE_PUT = `${RECORDINGS}/broken/leak-module-on-error/s18-fail-nth.trace.gz`;
export const FORGETS_UNMOUNT = `${RECORDINGS}/broken/no-unmount-on-exit/s01-create-close.trace.gz`;
export const NO_OWNER = `${RECORDINGS}/mistakes/fops-owner-null/s12-rmmod-busy.trace.gz`;
export const SKIPS_UNBIND = `${RECORDINGS}/mistakes/unbind-skipped/wide/s04-bind-unbind.trace.gz`;

/** A create while the module is being unloaded. */
export const MODULE_GOING: Simulated = {
  scenario: SCENARIO,
  kernel: "linux-6.12-patched",
  site: "module_is_live(module)",
};
