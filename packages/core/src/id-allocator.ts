/**
 * Hands out the lowest free integer from 0 on, as the kernel's `ida_alloc()` does.
 *
 * Freed ids wait in a binary heap, so both calls cost the logarithm of how many are free.
 */
export class IdAllocator {
  #next = 0;
  readonly #free: number[] = [];

  alloc(): number {
    const heap = this.#free;
    const lowest = heap[0];
    if (lowest === undefined) return this.#next++;
    const last = heap.pop() as number;
    if (heap.length > 0) {
      let hole = 0;
      for (;;) {
        let child = 2 * hole + 1;
        const right = heap[child + 1];
        if (right !== undefined && right < (heap[child] as number)) child++;
        const value = heap[child];
        if (value === undefined || value >= last) break;
        heap[hole] = value;
        hole = child;
      }
      heap[hole] = last;
    }
    return lowest;
  }

  free(id: number): void {
    const heap = this.#free;
    let hole = heap.length;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const value = heap[parent] as number;
      if (value <= id) break;
      heap[hole] = value;
      hole = parent;
    }
    heap[hole] = id;
  }
}
