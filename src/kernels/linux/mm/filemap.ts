/** mm/filemap.c and mm/truncate.c: the pages of a file. */
import { allocation, change, enter, leave } from "../../../simulate/step.js";
import { EEXIST, ENOMEM, OFFSET, PAGE_SHIFT } from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";

export const filemap = {
  /** Finds or creates the page at an index; returns 0 or an error. */
  *__filemap_get_folio(inode, index) {
    for (;;) {
      if (yield change("filemap_get_entry(mapping, index)", { type: "look", list: inode.i_pages, value: index }))
        return 0;
      if (yield allocation("filemap_alloc_folio(gfp, 0)")) return -ENOMEM;
      const error = yield* this.filemap_add_folio(inode, index);
      // Another task was faster: its page will do.
      if (error !== -EEXIST) return error;
    }
  },

  *filemap_add_folio(inode, index) {
    yield enter("filemap_add_folio", {
      mapping: { of: inode, offset: OFFSET.i_data },
      folio: folioAt(inode.pointer, index),
      index,
    });
    const added = yield change("__filemap_add_folio(mapping, folio, index)", {
      type: "cover",
      list: inode.i_pages,
      first: index,
      end: index + 1,
      count: inode.nrpages,
    });
    const error = added ? 0 : -EEXIST;
    yield leave("filemap_add_folio", error);
    return error;
  },

  /** mm/memory.c: a writer to a clean page helps to limit how many are dirty, and keeps the file meanwhile. */
  *fault_dirty_shared_page(file, inode, index) {
    const dirtied = yield change("folio_mark_dirty(folio)", {
      type: "cover",
      list: inode.i_dirty,
      first: index,
      end: index + 1,
      count: inode.nrdirty,
    });
    if (!dirtied) return;
    yield* this.get_file(file);
    yield* this.fput(file);
  },

  *truncate_inode_pages_final(inode) {
    yield enter("truncate_inode_pages_final", { mapping: { of: inode, offset: OFFSET.i_data } });
    yield* this.truncate_inode_pages_range(inode, 0, -1);
  },

  /** `lend` is the last byte, -1 for the end of the file. */
  *truncate_inode_pages_range(inode, lstart, lend) {
    yield enter("truncate_inode_pages_range", { mapping: { of: inode, offset: OFFSET.i_data }, lstart, lend });
    const first = Math.ceil(lstart / 2 ** PAGE_SHIFT);
    const end = lend === -1 ? Number.MAX_SAFE_INTEGER : Math.floor((lend + 1) / 2 ** PAGE_SHIFT);
    yield* this.unmap_mapping_pages(inode, first, end);
    yield change(
      "delete_from_page_cache_batch(mapping, &fbatch)",
      { type: "uncover", list: inode.i_pages, first, end, count: inode.nrpages },
      { type: "uncover", list: inode.i_dirty, first, end, count: inode.nrdirty },
    );
  },
} satisfies FunctionTable;

/** A number that stands for the page of an inode at an index. */
export function folioAt(inode: number, index: number): number {
  return inode * 0x100000 + index + 1;
}
