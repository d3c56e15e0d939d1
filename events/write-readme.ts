/**
 * Writes the reference documentation of the catalogue into `events/README.md` of the working directory, or the file
 * named.
 */
import { writeFileSync } from "node:fs";
import { referenceMarkdown } from "./markdown.js";

writeFileSync(process.argv[2] ?? "events/README.md", referenceMarkdown());
