/** Texts that repeat, by number: what a history says of its operations. */

export class StringTable {
  readonly #texts: string[] = [];
  readonly #numbers = new Map<string, number>();

  /** Its number, from 0. */
  of(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) this.#numbers.set(text, (number = this.#texts.push(text) - 1));
    return number;
  }

  text(number: number): string {
    return this.#texts[number]!;
  }

  /** By number, which of another's words it is; -1: none. */
  in(other: StringTable): Int32Array {
    return Int32Array.from(this.#texts, (text) => other.#numbers.get(text) ?? -1);
  }
}
