import type { StepText } from "../types.js";
import { ENDS } from "./ends.js";
import { ERRORS } from "./errors.js";
import { OBJECTS } from "./objects.js";
import { PATCH } from "./patch.js";

export const CHAPTERS: readonly (readonly StepText[])[] = [OBJECTS, PATCH, ERRORS, ENDS];
