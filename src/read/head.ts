/** The remarks at the head of a recording about the machine and its probes, as `kreel record` writes them. */
import type { Remark } from "./report.js";

export interface Head {
  /** `7.2.12+deb13-cloud-amd64`. */
  readonly release: string | undefined;
  /** Output of `uname -m`: `x86_64`, `aarch64`. */
  readonly machine: string | undefined;
  /** Events whose probes the kernel refused, without a substitute: `kvm_gmem_exit`, `alloc_anon_inode_ret`. */
  readonly refused: ReadonlySet<string>;
  /** Number of missed events, by event. */
  readonly missed: ReadonlyMap<string, number>;
  /** Number of probes that were set. */
  readonly probes: number | undefined;
  /** KVM's functions existed when the probes were set: those that are missing were refused. */
  readonly kvmWasThere: boolean;
  /** Losses of each CPU: `cpu0 overrun: 12`. */
  readonly lost: readonly string[];
}

export function headOf(environment: readonly Remark[]): Head {
  const all = (wanted: string): string[] =>
    environment.filter(({ name }) => name === wanted).map(({ text }) => text.trim());
  const missed = new Map<string, number>();
  for (const text of all("missed")) {
    const [, event, times] = /^(\S+) +(\d{1,15})$/.exec(text) ?? [];
    if (event !== undefined) missed.set(event, (missed.get(event) ?? 0) + Number(times));
  }
  return {
    release: all("release")[0],
    machine: all("machine")[0],
    refused: new Set(all("refused")),
    missed,
    probes: numberIn(all("probes")[0]),
    kvmWasThere: all("kvm").some((text) => text.startsWith("there ")),
    lost: all("lost"),
  };
}

/** Returns `7.2` for `7.2.12+deb13-cloud-amd64`; `undefined` for text that is no release. */
export function series(release: string): string | undefined {
  return /^(\d{1,3}\.\d{1,4})(?!\d)/.exec(release)?.[1];
}

/** Returns `104` for `104 set`. */
function numberIn(text: string | undefined): number | undefined {
  const digits = /^\d{1,6}(?= set$)/.exec(text ?? "")?.[0];
  return digits === undefined ? undefined : Number(digits);
}
