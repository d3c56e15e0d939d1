/** Recordings that the page is shown with. */
import { RECORDINGS } from "../cli/run.js";

export const BEFORE = `${RECORDINGS}/linux-6.12/s01-create-close.trace.gz`;
/** Healthy. */
export const AFTER = `${RECORDINGS}/linux-6.12-patched/s01-create-close.trace.gz`;
export const BROKEN = `${RECORDINGS}/broken/leak-module-on-error/s18-fail-nth.trace.gz`;
