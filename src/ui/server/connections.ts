/**
 * Who may keep a connection open. All peers are of this machine and have its address: what tells the owner from
 * everybody else is the token. A connection that has not shown it yet is a stranger's, of which there are only so many;
 * one more costs the oldest of them its place. Whoever shows it at once, as a browser does, is in before that.
 */
import type { Socket } from "node:net";

export interface Room {
  /** Connections that have not shown the token. */
  readonly strangers: number;
  /** Connections that have: the page needs six. */
  readonly known: number;
}

export class Connections {
  /** In the order in which they came. */
  readonly #strangers = new Set<Socket>();
  readonly #known = new Set<Socket>();

  constructor(private readonly room: Room) {}

  came(socket: Socket): void {
    const [oldest] = this.#strangers;
    if (oldest && this.#strangers.size >= this.room.strangers) {
      this.#strangers.delete(oldest);
      oldest.destroy();
    }
    this.#strangers.add(socket);
    socket.once("close", () => {
      this.#strangers.delete(socket);
      this.#known.delete(socket);
    });
  }

  /** It showed the token. Whether it may stay open for more than one answer. */
  showed(socket: Socket): boolean {
    if (socket.destroyed || this.#known.has(socket)) return true;
    if (this.#known.size >= this.room.known) return false;
    this.#strangers.delete(socket);
    this.#known.add(socket);
    return true;
  }
}
