/** Part of `npm run docs`: writes the arrows between folders into the table of `docs/architecture.md`. */
import { readFileSync, writeFileSync } from "node:fs";
import { PAGE, pageWithFolders } from "./folders.js";

writeFileSync(PAGE, pageWithFolders(readFileSync(PAGE, "utf8")).page);
