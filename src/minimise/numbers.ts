/** A growing list of numbers, four bytes each; 0 if not set. */
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
