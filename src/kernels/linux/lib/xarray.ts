/**
 * lib/xarray.c, as far as it shows: how many nodes storing a range takes, each an allocation that can fail. A node has
 * 64 slots; what spans a power of 64 is kept as one entry higher up, and the entry at index 0 alone needs no node at
 * all.
 */
const CHUNK_SHIFT = 6;
const CHUNK_SIZE = 64;

interface Node {
  readonly shift: number;
  readonly slots: Map<number, Node | typeof ENTRY>;
}

const ENTRY = "entry";

/**
 * Returns the count of nodes to allocate in order to store one more range. `stored` holds three numbers a range: first
 * index, end, and any third (`gmem->bindings`: first, end, slot).
 */
export function nodesToStore(stored: readonly number[], first: number, end: number): number {
  const tree = new Tree();
  for (let k = 0; k < stored.length; k += 3) tree.storeRange(stored[k]!, stored[k + 1]! - 1);
  const before = tree.allocated;
  tree.storeRange(first, end - 1);
  return tree.allocated - before;
}

class Tree {
  allocated = 0;
  #head: Node | typeof ENTRY | undefined;

  /** xa_store_range: makes room for the end first, then stores piece by piece. */
  storeRange(first: number, last: number): void {
    let order = 0;
    while (order < 52 && (last + 1) % 2 ** (order + 1) === 0) order++;
    this.#create(
      Math.floor(last / 2 ** order) * 2 ** order,
      order - (order % CHUNK_SHIFT),
      2 ** (order % CHUNK_SHIFT) - 1,
    );
    for (let index = first; index <= last; ) {
      const { shift, siblings } = pieceAt(index, last);
      const node = this.#create(index, shift, siblings);
      if (!node) this.#head = ENTRY;
      else for (let k = 0; k <= siblings; k++) node.slots.set(slotOf(index, shift) + k, ENTRY);
      index += (siblings + 1) * 2 ** shift;
    }
  }

  /** xas_create: the node that holds entries of this order at this index; none for the entry that is the whole tree. */
  #create(index: number, order: number, siblings: number): Node | undefined {
    let shift = this.#expand(largestIndex(index, order, siblings));
    let entry = this.#head;
    let node: Node | undefined;
    while (shift > order) {
      shift -= CHUNK_SHIFT;
      if (entry === ENTRY) break;
      if (!entry) {
        entry = this.#allocate(shift);
        if (node) node.slots.set(slotOf(index, node.shift), entry);
        else this.#head = entry;
      }
      node = entry;
      entry = node.slots.get(slotOf(index, node.shift));
    }
    return node;
  }

  /** xas_expand: makes the tree as high as an index needs. Returns the shift that a level above its root would have. */
  #expand(max: number): number {
    if (this.#head === undefined) {
      if (max === 0) return 0;
      let shift = 0;
      while (Math.floor(max / 2 ** shift) >= CHUNK_SIZE) shift += CHUNK_SHIFT;
      return shift + CHUNK_SHIFT;
    }
    let shift = this.#head === ENTRY ? 0 : this.#head.shift + CHUNK_SHIFT;
    while (max > (this.#head === ENTRY ? 0 : CHUNK_SIZE * 2 ** this.#head.shift - 1)) {
      const node = this.#allocate(shift);
      node.slots.set(0, this.#head);
      this.#head = node;
      shift += CHUNK_SHIFT;
    }
    return shift;
  }

  #allocate(shift: number): Node {
    this.allocated++;
    return { shift, slots: new Map() };
  }
}

/** xas_set_range: the largest entry that a range can begin with. */
function pieceAt(index: number, last: number): { readonly shift: number; readonly siblings: number } {
  const mask = CHUNK_SIZE - 1;
  let first = index;
  let siblings = last - index;
  let shift = 0;
  let offset = mask;
  while (first % CHUNK_SIZE === 0 && siblings >= mask && !(siblings === mask && offset < mask)) {
    shift += CHUNK_SHIFT;
    if (offset === mask) offset = siblings % CHUNK_SIZE;
    siblings = Math.floor(siblings / CHUNK_SIZE);
    first = Math.floor(first / CHUNK_SIZE);
  }
  const at = first % CHUNK_SIZE;
  if (at + siblings > mask) siblings = mask - at;
  if ((first + siblings + 1) * 2 ** shift - 1 > last) siblings--;
  return { shift, siblings };
}

/**
 * xas_max: the largest index that an entry needs; one more where it would fill the tree, since no entry above 0 is a
 * root.
 */
function largestIndex(index: number, shift: number, siblings: number): number {
  if (shift === 0 && siblings === 0) return index;
  const size = (siblings + 1) * 2 ** shift;
  const end = Math.floor(index / size) * size + size - 1;
  return end === size - 1 ? size : end;
}

function slotOf(index: number, shift: number): number {
  return Math.floor(index / 2 ** shift) % CHUNK_SIZE;
}
