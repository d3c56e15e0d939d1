/**
 * A text that a program wrote to `trace_marker`, as perf and trace-cmd print it: an event `print` with the text after
 * the function that wrote it, by name or, if the kernel's symbols were not at hand, by address.
 */
const WRITTEN = /^(?:tracing_mark_write|(?:0x)?[\da-f]{8,16})(?:\+0x[\da-f]+)?: ?([^]*)$/;
/** The same fields without the print format, `trace-cmd report -R`. */
const RAW = /^ip=(?:tracing_mark_write|(?:0x)?[\da-f]{1,16})(?:\+0x[\da-f]+)? buf=([^]*)$/;

/** Returns the text of the marker; `undefined` for text of the kernel itself (`trace_printk`). */
export function markerText(body: string): string | undefined {
  const text = body.replace(/^ +/, "");
  return (WRITTEN.exec(text) ?? RAW.exec(text))?.[1]?.replace(/\n$/, "");
}
