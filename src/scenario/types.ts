/** A scenario: what a program does to `/dev/kvm`, one operation a line. */

/**
 * The operation of a line. Numbers are 64-bit and signed, as written: 0xfffffffffffff000 is -4096, and a slot is not
 * cut to the 32 bits of the system call. `vm`, `gmem`, `of` are names of variables that hold descriptors; they may be
 * unset.
 */
export type Operation =
  | { readonly type: "load"; readonly module: string; readonly parameters: string }
  | { readonly type: "unload" | "refcnt"; readonly module: string }
  | { readonly type: "vm"; readonly name: string; readonly vmType: number }
  | { readonly type: "gmem"; readonly name: string; readonly vm: string; readonly size: number; readonly flags: number }
  | {
      readonly type: "bind";
      readonly vm: string;
      readonly slot: number;
      readonly gpa: number;
      readonly size: number;
      readonly gmem: string;
      readonly offset: number;
    }
  | { readonly type: "unbind"; readonly vm: string; readonly slot: number }
  // `dup2` makes the descriptor `name` one of the file of `of`; the others put a new one into `name`.
  | { readonly type: "dup" | "dup2"; readonly name: string; readonly of: string }
  | { readonly type: "dupto"; readonly name: string; readonly fd: number; readonly of: string }
  | { readonly type: "dupfd"; readonly name: string; readonly of: string; readonly from: number }
  | { readonly type: "dupmany"; readonly of: string; readonly times: number }
  // Unsigned, of 32 bits.
  | { readonly type: "closerange"; readonly first: number; readonly last: number; readonly flags: number }
  | {
      readonly type: "close" | "cloexec" | "write" | "stat" | "statfs" | "getfl" | "execself" | "execveat";
      readonly of: string;
    }
  // Two variables: `name` followed by `.0` and `.1`.
  | { readonly type: "socket"; readonly name: string }
  | { readonly type: "send"; readonly socket: string; readonly of: string }
  | { readonly type: "recv"; readonly socket: string; readonly name: string }
  // `name` is that of a mapping, which is no variable.
  | ({ readonly type: "map"; readonly name: string; readonly of: string } & Range)
  | ({ readonly type: "mapprivate" | "mapexec"; readonly of: string } & Range)
  | { readonly type: "poke" | "protectexec" | "unmap"; readonly name: string }
  | {
      readonly type: "allocate" | "punch" | "touch";
      readonly of: string;
      readonly offset: number;
      readonly length: number;
    }
  | { readonly type: "truncate"; readonly of: string; readonly size: number }
  | { readonly type: "nofile"; readonly limit: number }
  // `text` is what is written to /proc/sys/fs/file-max: the kernel reads the number there, not the interpreter.
  | { readonly type: "filemax"; readonly limit: number; readonly text: string }
  | { readonly type: "fork" | "exec" | "vfork" | "sleep"; readonly ms: number }
  // The operation that a child carries out, as a line of its own with the same number.
  | { readonly type: "child"; readonly line: Line }
  | { readonly type: "dropcaps" | "raisecaps" | "unsharefiles" | "wait" | "rcu" | "go" | "repeat" };

/** Bytes of a file. */
interface Range {
  readonly offset: number;
  readonly length: number;
}

/** A line of a scenario: one operation, and the thread that carries it out. */
export interface Line {
  /** From 1. */
  readonly line: number;
  /** The words with one blank between, without `@T` and `fail=N`: what is printed before ` = `. */
  readonly text: string;
  /** The same with `fail=N`: what the marker before the operation says. */
  readonly marker: string;
  readonly operation: Operation;
  /** The thread that it is queued for. */
  readonly thread?: string;
  /** The allocation inside the call that fails. */
  readonly fail?: number;
}

/** A scenario as it was read, line by line (fixtures/README.md has the language). */
export interface Scenario {
  readonly path: string;
  /** In the order of the file; lines of a thread stand where they are queued. */
  readonly lines: readonly Line[];
  /** Oddities that do not prevent running it: `FILE:LINE: what; what would help`. */
  readonly warnings: readonly string[];
}
