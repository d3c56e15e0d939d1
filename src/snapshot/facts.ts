/** Facts in a snapshot: those that wait for events which the recording has not shown so far. */
import type { EndedWhileHeld, Fact, FactOf, Holding, Reserved } from "../reduce/facts.js";
import {
  type Codec,
  type Fields,
  flag,
  integer,
  listOf,
  nullable,
  oneOf,
  optional,
  real,
  record,
  seq,
  union,
  word,
} from "./codec.js";
import { view } from "./events.js";
import { object, reference } from "./objects.js";

const objects = listOf(object);
const holdings = listOf(record<Holding>({ target: object, reference }));
const holders = listOf(record<EndedWhileHeld["holders"][number]>({ owner: object, reference }));
const descriptors = listOf(record<Reserved>({ process: real, fd: integer, seq }));
const overput = listOf(record<{ readonly target: Holding["target"]; readonly seq: number }>({ target: object, seq }));

/** The codec of a type of facts, from those of the fields that not all facts have. */
function of<T extends Fact["type"]>(
  own: Fields<Omit<FactOf<T>, "type" | "event" | "certain">>,
): Codec<Omit<FactOf<T>, "type">> {
  return record({ event: view, certain: flag, ...own } as unknown as Fields<Omit<FactOf<T>, "type">>);
}

export const fact: Codec<Fact> = union<"type", Fact>("type", {
  "call-failed": of<"call-failed">({
    operation: word,
    entry: seq,
    result: real,
    left: holdings,
    inodes: objects,
    descriptors,
    overput,
  }),
  "owner-gone": of<"owner-gone">({ owner: object, left: holdings }),
  "call-kept": of<"call-kept">({ operation: word, left: holdings, files: objects, descriptors }),
  "file-released": of<"file-released">({ file: object, descriptors: listOf(integer) }),
  "ended-while-held": of<"ended-while-held">({ object, holders }),
  "file-kept": of<"file-kept">({ file: object, gets: listOf(seq) }),
  "put-without-get": of<"put-without-get">({ target: object, by: word, observed: nullable(real) }),
  "file-made": of<"file-made">({ file: object, module: object, held: flag }),
  "touched-dead": of<"touched-dead">({ object, operation: word }),
  "code-gone": of<"code-gone">({ module: object, freed: seq, operation: word, through: optional(object) }),
  "freed-twice": of<"freed-twice">({ object, first: seq }),
  "module-exited": of<"module-exited">({
    module: object,
    how: oneOf("exit", "failed init"),
    exit: seq,
    live: objects,
    mounts: objects,
  }),
  "module-unpinned": of<"module-unpinned">({
    module: object,
    file: object,
    inode: optional(object),
    remaining: nullable(real),
  }),
  "inode-kept": of<"inode-kept">({ inode: object, call: seq, error: real }),
  "descriptor-kept": of<"descriptor-kept">({ descriptor: record<Reserved>({ process: real, fd: integer, seq }) }),
  "superblock-gone": of<"superblock-gone">({ superblock: object, inodes: objects }),
  "cache-destroyed": of<"cache-destroyed">({ cache: object, destroyed: seq, inodes: objects }),
  "binding-checked": of<"binding-checked">({
    slot: object,
    file: optional(object),
    how: oneOf(
      "",
      "deleted and never unbound",
      "bound again before it was unbound",
      "bound to a file that is gone",
      "unbound although nothing bound it",
    ),
  }),
  "count-disagrees": of<"count-disagrees">({ object, expected: real, observed: real, explanation: word }),
});
