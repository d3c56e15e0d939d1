/** The page cache: pages that enter and leave a mapping. Offsets are in bytes or in pages of 4096 bytes, as marked. */
import { operation, pointer, returnsNumber, value } from "./definition.js";

export const filemap_add_folio = operation({
  name: "filemap_add_folio",
  prototype: "int filemap_add_folio(struct address_space *mapping, struct folio *folio, pgoff_t index, gfp_t gfp)",
  source: "mm/filemap.c",
  summary: "Puts a new page into a page cache.",
  args: [
    pointer("mapping", "mapping", "%di", "the page cache, embedded in its inode"),
    pointer("folio", "folio", "%si", "the page"),
    value("index", "u64", "%dx:u64", "where in the file", "page index"),
  ],
  result: returnsNumber("err", "s32", "errno", "0, or -EEXIST when another task was first, -ENOMEM", "errno"),
});

export const filemap_remove_folio = operation({
  name: "filemap_remove_folio",
  prototype: "void filemap_remove_folio(struct folio *folio)",
  source: "mm/filemap.c",
  summary: "Takes one page out of its page cache.",
  args: [pointer("folio", "folio", "%di", "the page, locked")],
  notes:
    "Truncation takes pages out in batches that do not come through here: their number is not the number of these events.",
});

export const truncate_inode_pages_range = operation({
  name: "truncate_inode_pages_range",
  prototype: "void truncate_inode_pages_range(struct address_space *mapping, loff_t lstart, uoff_t lend)",
  source: "mm/truncate.c",
  summary: "Empties a range of a page cache.",
  traits: ["everywhere"],
  args: [
    pointer("mapping", "mapping", "%di", "the page cache"),
    value("lstart", "s64", "%si:s64", "first byte", "bytes"),
    value("lend", "s64", "%dx:s64", "last byte, included; -1 for the end", "bytes"),
  ],
  calls: ["filemap_remove_folio"],
});

export const truncate_inode_pages_final = operation({
  name: "truncate_inode_pages_final",
  prototype: "void truncate_inode_pages_final(struct address_space *mapping)",
  source: "mm/truncate.c",
  summary: "Empties the page cache of an inode that is evicted, for good.",
  traits: ["everywhere"],
  args: [pointer("mapping", "mapping", "%di", "the page cache")],
  calls: ["truncate_inode_pages_range"],
  notes: "The time that it takes grows with the memory: for guest_memfd it is the bulk of the last close.",
});

const FOLIO_EVENT = {
  source: "include/trace/events/filemap.h",
  args: [
    value("major", "u32", "s_dev", "major number of the superblock's device"),
    value("minor", "u32", "s_dev", "minor number of the superblock's device"),
    value("ino", "x64", "i_ino", "the inode's number, in hexadecimal without a prefix"),
    value("pfn", "x64", "pfn", "number of the page frame"),
    value("ofs", "u64", "index", "where in the file", "bytes"),
    value("order", "u32", "order", "the folio has 2 to this power pages"),
  ],
  probe: "tracepoint",
  tracepoint: { system: "filemap", print: "dev {major}:{minor} ino {ino} pfn={pfn} ofs={ofs} order={order}" },
  probed: false,
} as const;

export const mm_filemap_add_to_page_cache = operation({
  name: "mm_filemap_add_to_page_cache",
  prototype: "void trace_mm_filemap_add_to_page_cache(struct folio *folio)",
  summary: "A folio was put into a page cache.",
  ...FOLIO_EVENT,
});

export const mm_filemap_delete_from_page_cache = operation({
  name: "mm_filemap_delete_from_page_cache",
  prototype: "void trace_mm_filemap_delete_from_page_cache(struct folio *folio)",
  summary: "A folio was taken out of a page cache, one by one or in a batch.",
  ...FOLIO_EVENT,
});
