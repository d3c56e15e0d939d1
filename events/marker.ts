/** Text that user space itself writes into a recording. */
import { operation, value } from "./definition.js";

export const tracing_mark_write = operation({
  name: "tracing_mark_write",
  prototype: "static ssize_t tracing_mark_write(struct file *filp, const char __user *ubuf, size_t cnt, loff_t *fpos)",
  source: "kernel/trace/trace.c",
  summary: "A line that a program wrote to trace_marker.",
  traits: ["outermost"],
  args: [value("text", "string", "", "the line, as written")],
  probe: "marker",
  notes: "Never needed to understand a recording. trace.dat and perf have the same event under the name print.",
});
