// Writes docs/reference.md anew, from the command table.
import { writeFileSync } from "node:fs";
import { commandTable } from "../dist/src/command-table.js";
import { referencePage } from "../dist/src/reference.js";

writeFileSync(new URL("../docs/reference.md", import.meta.url), referencePage(commandTable));
