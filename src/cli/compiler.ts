/**
 * Settings of V8 for a process that lives for a second or two: less inlining, so that the optimising compiler has less
 * to compile, and machine code from the first call. On a million lines that is a quarter of the replay's CPU time; on
 * ten million it costs nothing. Only heuristics: nothing computes differently.
 */
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--max-inlined-bytecode-size-cumulative=200");
setFlagsFromString("--always-sparkplug");
