import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sandbox, sandbox } from "../lbctl.ts";

let lbctl: Sandbox;
beforeAll(async () => {
  lbctl = await sandbox();
});
afterAll(() => lbctl[Symbol.asyncDispose]());

test.each([
  [["ana"], ["analyze"]],
  [["report", "--ch"], ["--chart"]],
  [
    ["analyze", "--chart", ""],
    ["ring", "vnodes", "moved", "cdf", "all"],
  ],
  [["analyze", "--chart", "ring,v"], ["ring,vnodes"]],
  [["up", "--policy", "ket"], ["ketama"]],
  [
    ["analyze", "--hash", "xxh64,sha"],
    ["xxh64,sha1", "xxh64,sha256"],
  ],
])("bash completes %j", async (words, completed) => {
  const { stdout: script } = await lbctl.run("completion", "bash");
  const call = `COMP_WORDS=(lbctl "$@"); COMP_CWORD=$#; _lbctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await execa("bash", ["-c", `${script}\n${call}`, "bash", ...words]);
  expect(stdout.split("\n")).toEqual(completed);
});
