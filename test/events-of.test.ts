/** Every event knows the operations that it happens inside of. */
import test from "ava";
import { eventsOf, type PlacedEvent } from "../src/replay/events.js";

const LINES = [
  "            prog-9       [000] .....     1.000001: kvm_gmem_create: (kvm_gmem_create+0x4/0x1f0 [kvm]) kvm=0xffff888100b08000 size=4096 flags=0x0",
  '            prog-9       [000] .....     1.000002: alloc_file_pseudo: (alloc_file_pseudo+0x4/0x1) inode=0xffff888100b08400 mnt=0xffff888100b08800 name="[kvm-gmem]" flags=0x2 fops=0xffffffffa0000000',
  "            prog-9       [000] ..s1.     1.000003: i_callback: (i_callback+0x0/0x1) head=0xffff888100c00110",
  "           other-7       [001] .....     1.000004: dput: (dput+0x4/0x1) dentry=0xffff888100d00000",
  "            prog-9       [000] .....     1.000005: iput: (iput+0x4/0x1) inode=0xffff888100b08400 i_count=2 i_nlink=1 sb=0xffff888100a00000",
  "            prog-9       [000] .....     1.000006: alloc_file_pseudo_ret: (kvm_gmem_create+0x9/0x1 [kvm] <- alloc_file_pseudo) file=0xffffffffffffffe9",
  "            prog-9       [000] .....     1.000007: nothing_known: a=1",
  "            prog-9       [000] .....     1.000008: kvm_gmem_create_ret: (kvm_vm_ioctl+0x9/0x1 [kvm] <- kvm_gmem_create) fd=-23",
].join("\n");

async function read(text: string): Promise<PlacedEvent[]> {
  const events: PlacedEvent[] = [];
  async function* input(): AsyncGenerator<Buffer> {
    yield Buffer.from(`${text}\n`);
  }
  for await (const event of eventsOf("-", { input: input() })) events.push(event);
  return events;
}

test("an event names the calls around it, outermost first", async (t) => {
  const events = await read(LINES);
  t.is(events.length, 8);
  t.deepEqual(
    events.map((e) => e.inside.map((i) => i.operation).join(" > ")),
    [
      "",
      "kvm_gmem_create",
      // An RCU callback is inside nothing of the task that it interrupts, and another task is inside nothing of this
      // one.
      "",
      "",
      "kvm_gmem_create > alloc_file_pseudo",
      "kvm_gmem_create",
      "",
      "",
    ],
  );
  t.is(events[4]!.inside[1]!.event, 2);
});

test("events are values: exact, in order, and frozen", async (t) => {
  const events = await read(LINES);
  t.deepEqual(
    events.map((e) => e.seq),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  t.is(events[0]!.args["kvm"], 0xffff888100b08000n);
  t.is(events[1]!.args["inode"], 0xffff888100b08400n);
  t.is(events[0]!.time, 1000001000n);
  t.is(events[7]!.phase, "return");
  t.is(events[6]!.operation, "nothing_known");
  t.is(events[6]!.phase, "unknown");
  t.throws(() => Object.assign(events[0]!, { seq: 2 }), { instanceOf: TypeError });
});
