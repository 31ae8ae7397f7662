// Output goes to whoever reads it: a reader that has gone, as `head` goes, is no fault of a command.
import { execa } from "execa";
import { expect, it } from "vitest";
import { repository } from "../../stack/config.ts";

it("ends quietly where its reader has read enough", async () => {
  const command = execa(process.execPath, ["orchestrator/bin.js", "report", "game", "--list"], {
    cwd: repository,
    stdin: "ignore",
    reject: false,
    buffer: { stdout: false },
  });
  command.stdout.destroy();
  const { exitCode, stderr } = await command;
  expect([exitCode, stderr]).toEqual([0, ""]);
});
