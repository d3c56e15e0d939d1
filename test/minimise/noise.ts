/** Calls of other tasks on a busy machine, on objects unrelated to guest_memfd. */
export const KINDS = 7;
const ADDRESS = "0xffff8881";

/** Lines of one such call; `k` makes them unique. */
function call(kind: number, k: number): string[] {
  const address = `${ADDRESS}${(0x10000000 + k * 0x400).toString(16)}`;
  switch (kind % KINDS) {
    case 0:
      return [`dput: (dput+0x4/0x300) dentry=${address}`];
    case 1:
      return [`iput: (iput+0x4/0x260) inode=${address} i_count=1 i_nlink=1 sb=${ADDRESS}00001000`];
    case 2:
      return [
        "alloc_empty_file: (alloc_empty_file+0x4/0x120) flags=0x8000",
        `alloc_empty_file_ret: (path_openat+0x3d/0xf20 <- alloc_empty_file) file=${address}`,
        `fd_install: (fd_install+0x4/0x90) fd=9 file=${address}`,
      ];
    case 3:
      return [`mntget: (mntget+0x4/0x20) mnt=${address}`, `mntput: (mntput+0x4/0x40) mnt=${address}`];
    case 4:
      return [
        `try_module_get: (try_module_get+0x4/0x70) module=0xffffffffc0999000 name="noise" refcnt=${k + 1} state=0`,
        "try_module_get_ret: (load_misc+0x3d/0xf20 <- try_module_get) ok=1",
        `module_put: (module_put+0x4/0x70) module=0xffffffffc0999000 name="noise" refcnt=${k + 2}`,
      ];
    case 5:
      return [
        `evict: (evict+0x4/0x2a0) inode=${address} nrpages=0`,
        `destroy_inode: (destroy_inode+0x4/0x70) inode=${address}`,
      ];
    default:
      return [
        `new_inode: (new_inode+0x4/0x30) sb=${ADDRESS}00001000`,
        `new_inode_ret: (ext4_new+0x6b/0xe0 <- new_inode) inode=${address}`,
      ];
  }
}

const HEADER = /^(\s*.{1,16}-\d+\s+\[\d+\]\s+\S+\s+)([\d.]+): /;

/**
 * Inserts other tasks' calls between the lines of the text: `at` gives for each the number of events before it, and its
 * kind.
 */
export function withNoise(text: string, at: readonly (readonly [after: number, kind: number])[]): string {
  const noise = new Map<number, number[]>();
  for (const [after, kind] of at) noise.set(after, [...(noise.get(after) ?? []), kind]);
  let events = 0;
  let made = 0;
  return text
    .split("\n")
    .flatMap((line) => {
      const match = HEADER.exec(line);
      if (!match) return [line];
      const kinds = noise.get(++events) ?? [];
      return [
        line,
        ...kinds.flatMap((kind) =>
          call(kind, ++made).map(
            (what) => `           noise-${900 + (kind % 3)}     [000] .....  ${match[2]}: ${what}`,
          ),
        ),
      ];
    })
    .join("\n");
}
