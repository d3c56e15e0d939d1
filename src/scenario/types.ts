/** A scenario: what a program does to `/dev/kvm`, one operation a line. */

/**
 * What a line asks for. Numbers are 64-bit and signed, as written: 0xfffffffffffff000 is -4096, and a slot is not cut to the 32
 * bits of the system call. `vm`, `gmem`, `of` are names of variables that hold descriptors; they may never have been set.
 */
export type Operation =
  | { readonly type: "load"; readonly module: string; readonly parameters: string }
  | { readonly type: "unload" | "refcnt"; readonly module: string }
  | { readonly type: "vm"; readonly name: string; readonly vmType: number }
  | { readonly type: "gmem"; readonly name: string; readonly vm: string; readonly size: number; readonly flags: number }
  | { readonly type: "bind"; readonly vm: string; readonly slot: number; readonly gpa: number; readonly size: number; readonly gmem: string; readonly offset: number }
  | { readonly type: "unbind"; readonly vm: string; readonly slot: number }
  | { readonly type: "dup"; readonly name: string; readonly of: string }
  | { readonly type: "close" | "write" | "stat"; readonly of: string }
  | { readonly type: "allocate" | "punch" | "touch"; readonly of: string; readonly offset: number; readonly length: number }
  | { readonly type: "truncate"; readonly of: string; readonly size: number }
  | { readonly type: "nofile"; readonly limit: number }
  // `text` is what is written to /proc/sys/fs/file-max: the kernel reads the number there, not the interpreter.
  | { readonly type: "filemax"; readonly limit: number; readonly text: string }
  | { readonly type: "fork" | "sleep"; readonly ms: number }
  | { readonly type: "dropcaps" | "raisecaps" | "wait" | "rcu" | "go" | "repeat" };

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

export interface Scenario {
  readonly path: string;
  /** In the order of the file; those queued for a thread are where they are queued. */
  readonly lines: readonly Line[];
  /** What is odd and can be carried out all the same: `FILE:LINE: what; what would help`. */
  readonly warnings: readonly string[];
}
