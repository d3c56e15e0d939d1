/** Every shell of this machine that users may run the script with. */
import { spawnSync } from "node:child_process";

export const SHELLS = [["sh"], ["dash"], ["busybox", "sh"], ["bash", "--posix"]].filter(
  ([name]) => spawnSync(name!, ["-c", ":"]).error === undefined || spawnSync(name!, ["true"]).status === 0,
);
