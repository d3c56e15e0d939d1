/** Colour, or none. Colour only repeats what words and marks say: mails and colour-blind readers miss nothing. */
import picocolors from "picocolors";

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  green(text: string): string;
  cyan(text: string): string;
}

export function styleOf(colour: boolean): Style {
  const { bold, dim, red, yellow, green, cyan } = picocolors.createColors(colour);
  return { bold, dim, red, yellow, green, cyan };
}

/** No colour: for files, pipes and tests. */
export const PLAIN: Style = styleOf(false);
