// Whether a Docker engine with Compose answers on this machine.
import { execa } from "execa";

/** False where Docker isn't installed, doesn't answer within 3 s, or has no Compose. */
export async function dockerAnswers(): Promise<boolean> {
  const quick = { reject: false, timeout: 3000 } as const;
  const [engine, compose] = await Promise.all([
    execa("docker", ["info", "--format", "{{.ServerVersion}}"], quick),
    execa("docker", ["compose", "version"], quick),
  ]);
  return engine.exitCode === 0 && engine.stdout.trim() !== "" && compose.exitCode === 0;
}
