import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { ConfigError, withDefaults } from "../../cluster/balancer/config/config.ts";
import { configFromEnv } from "../../cluster/balancer/config/environment.ts";
import {
  aliasVariables,
  type Option,
  optionRows,
  placeholderOf,
  variableOf,
} from "../../cluster/balancer/config/options.ts";

/** A text that the option takes, and its value. */
function valid(option: Option): readonly [text: string, value: unknown] {
  switch (option.unit) {
    case "switch":
      return ["1", true];
    case "statuses":
      return ["502,503", [502, 503]];
    case "wait or cut":
      return ["cut", "cut"];
    case "from=to":
      return ["/api=/data", [{ from: "/api", to: "/data" }]];
    default:
      return [`${option.max}`, option.max];
  }
}

describe.each(optionRows)("the option %s", (field, option) => {
  const variable = variableOf(option);

  test("is in docs/options.md with its default", async () => {
    const fallback = Array.isArray(option.fallback) || option.fallback === false ? "" : option.fallback;
    const cells = [`\`--${option.flag}${placeholderOf(option)}\``, String(fallback), option.help];
    const rows = (await readFile("docs/options.md", "utf8")).split("\n").filter((line) => line.startsWith("| `--"));
    expect(rows.map((row) => row.split("|").map((cell) => cell.trim()))).toContainEqual(["", ...cells, ""]);
  });

  test("is set by its variable, and refused by the name of it", async () => {
    const [text, value] = valid(option);
    expect(await configFromEnv({ [variable]: text })).toEqual({
      ...withDefaults({}),
      [field]: value,
    });
    for (const wrong of ["no", "-1", "1e3", " 1", "99999999999999999"]) {
      const read = configFromEnv({ [variable]: wrong });
      await expect(read).rejects.toThrow(ConfigError);
      await expect(read).rejects.toThrow(new RegExp(`^${variable}: [^\n]+$`));
    }
  });
});

test.each([
  ["LBCTL_MAX_FIELDS", "7"],
  ["LBCTL_MAX_FIELDS", "1001"],
  ["LBCTL_RETRY_ON", "200"],
  ["LBCTL_RETRY_ON", "503,"],
  ["LBCTL_VIA", "2"],
])("%s=%s is out of bounds", async (name, value) => {
  await expect(configFromEnv({ [name]: value })).rejects.toThrow(ConfigError);
});

test("an option's former variables go on working; the present one holds", async () => {
  for (const [field, option] of optionRows)
    for (const alias of aliasVariables(option)) {
      const [text, value] = valid(option);
      expect(await configFromEnv({ [alias]: text })).toMatchObject({ [field]: value });
      expect(await configFromEnv({ [alias]: "1", [variableOf(option)]: text })).toMatchObject({ [field]: value });
    }
  expect(optionRows.flatMap(([, option]) => aliasVariables(option))).toEqual([
    "LBCTL_ANSWER_TIMEOUT",
    "LBCTL_MAX_SHARED",
  ]);
});
