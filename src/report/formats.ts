/** The formats of a report, each loaded when it is asked for. */
import type { Format } from "./model.js";

export const FORMATS: { readonly [name: string]: () => Promise<Format> } = {
  text: async () => (await import("./text.js")).textReport,
  markdown: async () => (await import("./markdown.js")).markdownReport,
  sarif: async () => (await import("./sarif.js")).sarifReport,
  junit: async () => (await import("./junit.js")).junitReport,
  svg: async () => (await import("./svg.js")).svgReport,
};
