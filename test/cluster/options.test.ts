import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { ConfigError, withDefaults } from "../../cluster/balancer/config/config.ts";
import { configFromEnv } from "../../cluster/balancer/config/environment.ts";
import { optionRows, placeholderOf, variableOf } from "../../cluster/balancer/config/options.ts";

describe.each(optionRows)("the option %s", (field, option) => {
  const variable = variableOf(option);

  test("is in the README with its default", async () => {
    const fallback = typeof option.fallback === "number" ? option.fallback : "";
    const cells = [`\`--${option.flag}${placeholderOf(option)}\``, String(fallback), option.help];
    const rows = (await readFile("README.md", "utf8")).split("\n").filter((line) => line.startsWith("| `--"));
    expect(rows.map((row) => row.split("|").map((cell) => cell.trim()))).toContainEqual(["", ...cells, ""]);
  });

  test("is set by its variable, and refused by the name of it", async () => {
    const [text, value] =
      option.unit === "switch"
        ? ["1", true]
        : option.unit === "statuses"
          ? ["502,503", [502, 503]]
          : [`${option.max}`, option.max];
    expect(await configFromEnv({ [variable]: text })).toEqual({
      ...withDefaults({}),
      log: expect.anything(),
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
