/** mm/vmalloc.c: memory that is contiguous only in its addresses. */
import { allocation } from "../../../simulate/step.js";
import { ENOMEM, PAGE_SIZE } from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";

/** Pointers to pages that one page holds; a longer array is itself from vmalloc. */
const POINTERS_PER_PAGE = PAGE_SIZE / 8;

export const vmalloc = {
  /**
   * Three allocations that can fail: two for the area, one for the list of its pages. The pages themselves are never
   * short.
   */
  *__vmalloc(size, what) {
    const pages = Math.ceil(size / PAGE_SIZE);
    if (pages > this.config.totalRamPages) return -ENOMEM;
    if (yield allocation(`kzalloc_node(struct vm_struct), for ${what}`)) return -ENOMEM;
    if (yield allocation(`kmem_cache_alloc_node(vmap_area_cachep), for ${what}`)) return -ENOMEM;
    if (pages > POINTERS_PER_PAGE) return yield* this.__vmalloc(pages * 8, `the pages of ${what}`);
    return yield allocation(`kmalloc_node(area->pages), for ${what}`);
  },
} satisfies FunctionTable;
