/** The tables that a replay derives: objects, references, entries from user space, findings. */
import { ADDRESSED_KINDS } from "../../../events/kinds/index.js";
import { column, type Table } from "../table.js";

export const objects: Table = {
  name: "objects",
  summary: "objects by their lifetimes: a new life at an old address is another object",
  columns: [
    column("id", "integer", "number of the object"),
    column("kind", "text", `${ADDRESSED_KINDS.slice(0, -1).join(", ")} or ${ADDRESSED_KINDS.at(-1)!}`),
    column("label", "text", "what it is called, as in findings: inode 0xffff888100b08000#2, module kvm_amd"),
    column("name", "text", "its name, where it has one"),
    column("address", "text", "its address, 0xffff888100b08000"),
    column("generation", "integer", "which life at that address, from 1"),
    column("guest_memfd", "integer", "1 if it is guest_memfd's or guest_memfd hangs on it, else 0"),
    column("met", "integer", "event that showed it first"),
    column("born", "integer", "event that made it; NULL if it is older than the recording, or its birth was not seen"),
    column("died", "integer", "event that ended it, or that showed its address to be another's; NULL while it lives"),
    column("unseen", "integer", "1 if its end was not traced, else 0"),
    column("begin", "integer", "time of its birth"),
    column("end", "integer", "time of its end"),
    column("duration", "integer", "nanoseconds that it lived; to the end of the recording, if it still does"),
    column("maker", "text", "the operation that made it"),
    column("maker_call", "integer", "that call: its seq"),
    column("maker_task", "text", "the task that made it"),
    column("count", "integer", "references on it at its end, or the recording's, as far as they are known"),
    column(
      "state",
      "text",
      "what its kind has besides, at that moment, as a JSON object: json_extract(state, '$.stage'); other objects by id",
    ),
  ],
};

export const references: Table = {
  name: "references",
  summary: "references on objects: who held each, from which get to which put",
  columns: [
    column("id", "integer", "number of the reference"),
    column("object", "text", "the object it is on, by its label"),
    column("object_id", "integer", "the same in objects"),
    column("kind", "text", "the kind of that object"),
    column(
      "owner",
      "text",
      "who held it last, as far as calls are traced: an object by its label, or a call by its operation",
    ),
    column("owner_id", "integer", "the owner in objects"),
    column("owner_call", "integer", "the owner in calls: its seq"),
    column("get", "integer", "event that took it; NULL if no probe saw that"),
    column("get_by", "text", "the operation that took it, or the unprobed one that it implies, as fget"),
    column("get_task", "text", "the task that took it"),
    column("put", "integer", "event that gave it back; NULL while it is held, or if its object ended without"),
    column("put_by", "text", "the operation that gave it back"),
    column("put_task", "text", "the task that gave it back"),
    column("begin", "integer", "time of the get"),
    column("end", "integer", "time of the put, or of the object's end"),
    column("duration", "integer", "nanoseconds that it was held; to the end of the recording, if it still is"),
  ],
};

export const operations: Table = {
  name: "operations",
  summary: "entries from user space that touch guest_memfd, as in replay --json",
  columns: [
    column("seq", "integer", "event of the entry"),
    column("name", "text", "the operation"),
    column("task", "text", "the task"),
    column("result", "integer", "what it returned; NULL where its return is not traced"),
    column("error", "text", "the name of its error, as ENFILE"),
  ],
};

const found = [
  column("rule", "text", "the rule"),
  column("object", "text", "the object that is wrong, by its label"),
  column("event", "integer", "event at which it became certain"),
  column("file", "text", "of a recording in several files, the one that has it"),
  column("line", "integer", "its line there; NULL where there are none"),
  column("time", "integer", "its time"),
  column("task", "text", "its task"),
  column("message", "text", "what is wrong"),
  column("evidence", "text", "the events that show it, as a JSON array"),
];

export const findings: Table = { name: "findings", summary: "what must never happen, and did", columns: found };
export const hazards: Table = { name: "hazards", summary: "windows in which it could have happened", columns: found };
