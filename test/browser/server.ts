/** Runs `kreel ui` as users do. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { MAIN } from "../cli/run.js";

export interface Server {
  readonly address: string;
  /** Returns its output besides the address. */
  readonly err: () => string;
  stop(): Promise<void>;
}

export async function startServer(args: readonly string[]): Promise<Server> {
  const child: ChildProcess = spawn(process.execPath, [MAIN, "ui", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const closed = once(child, "close");
  let out = "";
  let err = "";
  child.stdout!.on("data", (piece: Buffer) => (out += piece.toString()));
  child.stderr!.on("data", (piece: Buffer) => (err += piece.toString()));
  while (!out.includes("\n")) {
    await Promise.race([once(child.stdout!, "data"), closed]);
    if (child.exitCode !== null && !out.includes("\n"))
      throw new Error(`kreel ui ended with ${child.exitCode}: ${err}`);
  }
  return {
    address: out.split("\n")[0]!,
    err: () => err,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      await closed;
    },
  };
}
