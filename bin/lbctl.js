#!/usr/bin/env node
import module from "node:module";

// Node 22.1 and newer keep what V8 compiled from one start to the next.
module.enableCompileCache?.();
await import("../dist/cli/cli.js");
