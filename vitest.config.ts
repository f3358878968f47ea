import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // The files of a worker share its modules: each is read and compiled once. No module holds state that a test changes.
    isolate: false,
    coverage: { provider: "v8", include: ["src/**/*.ts", "cluster/**/*.ts"], reporter: ["text-summary"] },
  },
});
