/** Restricts a statement to reading the tables. */
import type { Database } from "./sqlite/database.js";

/** Pragmas that only report. */
const TELLING = new Set(["table_info", "table_xinfo", "table_list", "function_list", "compile_options"]);

export const REFUSED = "only statements that read are run, and this one would write";

export interface Permission {
  /** The refused action, in words. */
  readonly denied: string | undefined;
  release(): void;
}

/** Forbids writing in statements that are prepared until it is released. */
export function forbidWriting({ library: { capi }, pointer }: Database): Permission {
  const allowed = new Set([capi.SQLITE_SELECT, capi.SQLITE_READ, capi.SQLITE_FUNCTION, capi.SQLITE_RECURSIVE]);
  let denied: string | undefined;
  capi.sqlite3_set_authorizer(
    pointer,
    (_, action, a) => {
      if (allowed.has(action) || (action === capi.SQLITE_PRAGMA && TELLING.has(a ?? ""))) return 0;
      denied ??= action === capi.SQLITE_PRAGMA ? `only statements that read are run, and PRAGMA ${a} is none` : REFUSED;
      return capi.SQLITE_DENY;
    },
    0,
  );
  return {
    get denied() {
      return denied;
    },
    release: () => void capi.sqlite3_set_authorizer(pointer, 0, 0),
  };
}
