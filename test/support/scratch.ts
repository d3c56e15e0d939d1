/**
 * Loaded before each test file: temporary files of its tests, and of the commands that they run, are in a folder of
 * their own, which is removed with them.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "kreel-tests-"));
process.env["TMPDIR"] = folder;
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
