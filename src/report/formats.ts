/** The formats of a report, each loaded on demand. */
import type { HtmlOptions } from "./html/index.js";
import type { Format } from "./model.js";

export const FORMATS: { readonly [name: string]: (options: HtmlOptions) => Promise<Format> } = {
  text: async () => (await import("./text.js")).textReport,
  markdown: async () => (await import("./markdown.js")).markdownReport,
  sarif: async () => (await import("./sarif.js")).sarifReport,
  junit: async () => (await import("./junit.js")).junitReport,
  html: async (options) => (await import("./html/index.js")).htmlReport(options),
  svg: async () => (await import("./svg.js")).svgReport,
};
