import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { environmentError } from "../errors.ts";
import { docker } from "./docker.ts";

/** Found at run time by glibc's resolver, not by the loader, so ldd does not list them (nothing to copy from 2.34 on). */
const resolverLibraries = /^lib(nss_dns|nss_files|resolv)\.so/;

/**
 * Makes an image that holds this machine's Node runtime and the shared libraries it links to, and nothing else: a base
 * where no registry answers. Returns its name. Works on Linux only.
 */
export async function buildLocalBase(progress: (text: string) => void, signal: AbortSignal): Promise<string> {
  if (process.platform !== "linux")
    throw environmentError(`A base from the local Node.js works on Linux only: name an image with --base.`);
  const tag = `lbctl-node:local-${process.version.slice(1)}`;
  progress(`making ${tag} from ${process.execPath}`);
  const context = await mkdtemp(join(tmpdir(), "lbctl-base-"));
  try {
    await copyInto(context, process.execPath, "/usr/local/bin/node");
    for (const library of await linkedLibraries(process.execPath)) await copyInto(context, library, library);
    await writeFile(join(context, "Dockerfile"), "FROM scratch\nCOPY rootfs /\n");
    await docker(["build", "--quiet", "--tag", tag, context], { signal, env: { DOCKER_BUILDKIT: "1" } });
    return tag;
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

/** Links are followed: a library is copied under the name that the loader asks for. */
async function copyInto(context: string, from: string, to: string): Promise<void> {
  const target = join(context, "rootfs", to);
  await mkdir(dirname(target), { recursive: true });
  await copyFile(from, target);
}

/** The paths in the output of ldd: `name => /path (address)`, and the loader itself as `/path (address)`. */
async function linkedLibraries(binary: string): Promise<string[]> {
  const { execa } = await import("execa");
  const { stdout } = await execa("ldd", [binary]);
  const linked = [...stdout.matchAll(/(?:=>\s+|^\s*)(\/\S+)\s+\(0x/gm)].flatMap((match) => match[1] ?? []);
  const libc = linked.find((path) => /\/libc\.so/.test(path));
  const beside = libc ? (await readdir(dirname(libc))).filter((name) => resolverLibraries.test(name)) : [];
  return [...linked, ...beside.map((name) => join(dirname(libc ?? "/"), name))];
}
