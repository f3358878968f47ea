import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../package-root.ts";
import { docker } from "./docker.ts";
import { buildLocalBase } from "./local-base.ts";

/** What images are based on where nothing else is said; it comes from a registry. */
export const DEFAULT_BASE = "node:22-alpine";
const parts = ["balancer", "server"] as const;

/** The names of a fleet's two images. */
export interface Images {
  readonly balancer: string;
  readonly server: string;
}

type Progress = (text: string) => void;

/** The fleet's images, built unless they are there; a `base` that is named is always built on. */
export async function ensureImages(base: string | undefined, progress: Progress, signal: AbortSignal): Promise<Images> {
  const images = await imageNames();
  if (base === undefined && (await imageExists(images.balancer)) && (await imageExists(images.server))) return images;
  return await buildImages(base, progress, signal);
}

/**
 * Builds both images from what is compiled already, so that nothing but the base is fetched. Without a `base` it is
 * `defaultBase`, and where that can't be pulled, one made from the local Node runtime.
 */
export async function buildImages(base: string | undefined, progress: Progress, signal: AbortSignal): Promise<Images> {
  const images = await imageNames();
  const from = await resolveBase(base, progress, signal);
  for (const part of parts) {
    progress(`building the ${part} image on ${from}`);
    await docker(buildCommand(part, images[part], from), { signal, cwd: packageRoot, env: { DOCKER_BUILDKIT: "1" } });
  }
  return images;
}

/** The `docker` arguments that build one image. */
export const buildCommand = (part: keyof Images, tag: string, from: string): string[] => [
  "build",
  ...["--file", join(packageRoot, "cluster/Dockerfile"), "--target", part, "--tag", tag],
  ...["--build-arg", `NODE_IMAGE=${from}`, "--build-arg", "DIST=built", "--quiet", packageRoot],
];

/** Tags are made of the content, so that an image is built again exactly when what is in it has changed. */
export async function imageNames(): Promise<Images> {
  const recipe = await readFile(join(packageRoot, "cluster/Dockerfile"));
  const [balancer, server] = await Promise.all(
    parts.map(async (part) => {
      const script = await readFile(join(packageRoot, `dist/image/${part}.mjs`));
      const digest = createHash("sha256").update(recipe).update(script).digest("hex");
      return `lbctl-${part}:${digest.slice(0, 12)}`;
    }),
  );
  return { balancer, server } as Images;
}

async function resolveBase(base: string | undefined, progress: Progress, signal: AbortSignal): Promise<string> {
  if (base === "local") return await buildLocalBase(progress, signal);
  if (base !== undefined) return base;
  if (await imageExists(DEFAULT_BASE)) return DEFAULT_BASE;
  progress(`pulling ${DEFAULT_BASE}`);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(120_000)]);
  const pulled = await docker(["pull", "--quiet", DEFAULT_BASE], { signal: limit }).then(
    () => true,
    () => false,
  );
  signal.throwIfAborted();
  if (pulled) return DEFAULT_BASE;
  progress(`${DEFAULT_BASE} can't be pulled: making a base from the local Node.js`);
  return await buildLocalBase(progress, signal);
}

/** Whether the engine has an image of that name. */
export const imageExists = (image: string): Promise<boolean> =>
  docker(["image", "inspect", "--format", "{{.Id}}", image]).then(
    () => true,
    () => false,
  );
