/** Numbers the repeated texts of a history. */

export class StringTable {
  readonly #texts: string[] = [];
  readonly #numbers = new Map<string, number>();

  /** Returns the number of a text, from 0. */
  of(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) this.#numbers.set(text, (number = this.#texts.push(text) - 1));
    return number;
  }

  text(number: number): string {
    return this.#texts[number]!;
  }

  /** By number of this table, the number in the other; -1: none. */
  in(other: StringTable): Int32Array {
    return Int32Array.from(this.#texts, (text) => other.#numbers.get(text) ?? -1);
  }
}
