/** Numbers and names that readers stumble over. Text has a character a byte, as in all mutators of text. */
import type { Random } from "../random.js";

const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

/** At the edges of what bytes, words, doubles and 64 bits hold, and what only looks like a number. */
export const NUMBERS: readonly string[] = [
  ..."0 1 -1 -0 2 9 15 16 127 128 255 256 999 4095 4096 65534 65535 65536 70000 4194304 4194305 16777216".split(" "),
  ..."2147483647 2147483648 -2147483648 -2147483649 4294967295 4294967296 999999999 1000000000 9999999999".split(" "),
  ..."9007199254740991 9007199254740992 9007199254740993 -9007199254740991 -9007199254740992 999999999999999 1000000000000000".split(" "),
  ..."9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 18446744073709551615 18446744073709551616".split(" "),
  ..."99999999999999999999 100000000000000000000 00000000000000000001 007 1e9 1E400 1.5 .5 5. 1.0000000000 0.999999999".split(" "),
  ..."0x0 0x1 0xffffffff 0x100000000 0xffffffffffffffff 0x10000000000000000 0xffffffffffffffe9 0xfffffffffffff001 0xffff888100b08000".split(" "),
  ..."0x 0xg - + +1 1_000 NaN Infinity null true (fault) (null)".split(" "),
  "",
  " ",
  latin1("٣"),
  "9".repeat(400),
  `0x${"f".repeat(400)}`,
];

export const NAMES: readonly string[] = [
  "__proto__", "constructor", "toString", "hasOwnProperty", "prototype", "length", "undefined", "null", "", " ", "-", "-9", "#", "=", ":", "...", "<idle>", "<...>", "[000]", "a-9 [1]",
  "x-1 [000] 1: e:", "x-1     [000] ..... 1.000000: iput: ", "CPU:1 [LOST 5 EVENTS]", "##### CPU 1 buffer started ####", "# tracer: function_graph", "# tracer: nop", "=> vfs_read", "tracing_mark_write", "(fault)", "kvm_exit", "iput", "swapper/0",
  "\x1b[31mred", "\x1b]52;c;aGk=\x07", "\x1b[2J\x1b[H", "\x9b31m", "\x07", "\0", "\r", "\n", "\t", "\x7f", "\b\b\b\b", latin1("\u202egnp.exe"), latin1("\u2028"), latin1("\ufeff"), latin1("\u200b"), latin1("\u{e0041}"), latin1("naïve"), latin1("任务"), latin1("😀"),
  "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "&lt;", "]]>", "-->", "</style>", "'", '"', "\\", '\\"', '" refcnt=1', "`", "$(id)", "%s%n%p", "../../../etc/passwd", "=1+1", ";--", "' OR 1=1", "{}", "[", "}]", '{"a":1}', "\\u0000", "\\ud800", "\\udc00x",
  "\xed\xa0\x80", "\xed\xb0\x80", "\xff\xfe", "\xc3", "\xe2\x82", "\xf0\x9f", "\xc0\x80", "\xf8\x88\x80\x80\x80", "\x80", latin1("\ufffd"),
  "a".repeat(15), "a".repeat(16), "a".repeat(255), latin1("é".repeat(8)),
];

/** What stands in the texts that people have, from other tools, other options and mailers. */
export const LINES: readonly string[] = [
  "", " ", "\r", "\t", "#", "# ", "> ", "...", "-----8<-----",
  "CPU:0 [LOST 1 EVENTS]", "CPU:1 [LOST 35 EVENTS]", "CPU:65535 [LOST EVENTS]", "CPU:99999 [LOST 999999999999999 EVENTS]", "CPU:1 [35 EVENTS DROPPED]", "CPU:1 [EVENTS DROPPED]", "CPU 2 is empty", "cpus=4", "version = 7",
  "##### CPU 1 buffer started ####", "# tracer: nop", "# tracer: function", "# tracer: function_graph", "# tracer: wakeup", "# entries-in-buffer/entries-written: 5/9   #P:2", "# entries-in-buffer/entries-written: 999999999999999/1   #P:99999", "# irqsoff latency trace v1.1.5 on 6.12.0",
  "#                              | / _---=> hardirq/softirq", "#                                _-----=> irqs-off/BH-disabled", "# kreel release: 7.2.12", "# kreel missed: kvm_gmem_bind 3", "# kreel refused: module_put", `# kreel config: ${"x".repeat(2000)}`,
  " => vfs_read", " => 0xffffffff81000000", "<stack trace>", "          <idle>-0       [000] d.s1.     5.374322: <stack trace>", "           <...>-1       [000] .....     5.374322: vfs_read <-ksys_read", "           <...>-1       [000] .....     5.374322: sys_openat(dfd: 3, filename: 7ffd)", "           <...>-1       [000] .....     5.374322: kvm_exit: vcpu 0 reason hlt rip 0x1 info1 0 0",
  '{"type": "lost_events", "data": {"events": 5}}', '{"type": "attached_probes", "data": {"probes": 3}}', '{"type": "value", "data": ["kreel",1]}', '{"type": "value", "data": ["kreel",999]}', '{"type": "value", "data": []}',
  '{"kreel":"events","version":1,"origin":{"path":"a","format":"ftrace"},"clock":null}', '{"kreel":"events","version":2}', '{"lost":null,"cpu":0,"line":1}', '{"lost":7,"cpu":65535,"line":9007199254740991}', '{"end":{"events":3,"lost":0,"overrun":0,"uncounted":false}}', '{"seq":1,"time":"1"}', "[]", "{}", "null",
  " 0)               |  vfs_read() {", " 0)   1.000 us    |  iput();", " 0)               |  }", " 0)               |  /* op: x */", " ------------------------------------------", " 0)     init-1     =>    grep-125   ", " 0)   ==========> |", " 0)   <========== |", " 1)   0.1 us      |  } /* iput [kvm] ret=0x0 */",
  "Warning:", "Processed 5 events and lost 2 chunks!", "            init     1 [000]     5.000000: PERF_RECORD_LOST_SAMPLES lost 7", "            init     1 [001]     5.000000: PERF_RECORD_COMM: x:1/1", "        ffffffff817bea54 dput+0x4 ([kernel.kallsyms])",
];

export const numberOf = (random: Random): string => (random.chance(0.8) ? random.pick(NUMBERS) : String(random.word()));

/** A name that tries to be something else, or a very long one. */
export function nameOf(random: Random): string {
  if (random.chance(0.05)) return random.pick(NAMES).padEnd(1, "a").repeat(random.small(1, 300));
  if (random.chance(0.1)) return random.bytes(random.between(1, 20)).toString("latin1");
  return random.pick(NAMES);
}
