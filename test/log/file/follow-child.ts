/**
 * A child process that follows standard input into a log as `kreel import --follow - LOG` does, and prints the last
 * event of each append once that is on disk. Trouble has the command's message, and its status.
 */
import { writeSync } from "node:fs";
import { troubleText } from "../../../src/cli/trouble.js";
import { importRecording } from "../../../src/read/import.js";

const [path] = process.argv.slice(2) as [string];
try {
  await importRecording("-", path, { sync: "append", follow: {}, onProgress: (events) => writeSync(1, `${events}\n`) });
  writeSync(1, "done\n");
} catch (error) {
  writeSync(2, `${troubleText(error, false)}\n`);
  process.exitCode = 2;
}
process.exit();
