/** A list of numbers that grows, four bytes each. What was never set is 0. */
export class Numbers {
  #values = new Uint32Array(1024);
  length = 0;

  at(index: number): number {
    return index < this.length ? this.#values[index]! : 0;
  }

  set(index: number, value: number): void {
    if (index >= this.#values.length) {
      const grown = new Uint32Array(Math.max(index + 1, this.#values.length * 2));
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[index] = value;
    if (index >= this.length) this.length = index + 1;
  }

  push(value: number): void {
    this.set(this.length, value);
  }
}
