/** `node dist/test/taken-away/main.js KIND [PATTERN] [N]`: takes parts away and counts what is said of the rest. */
import { random } from "./random.js";
import { HEALTHY_FOLDERS, BROKEN_FOLDERS, takings, type TakingKind } from "./takings.js";
import { batchesOf, nameOf, recordingsOf } from "../support/recordings.js";
import { take, verdicts } from "./take.js";

const [kind = "points", pattern = "", count = "20", side = "healthy"] = process.argv.slice(2);
const paths = recordingsOf(...(side === "healthy" ? HEALTHY_FOLDERS : BROKEN_FOLDERS)).filter((path) =>
  path.includes(pattern),
);
const tally = new Map<string, { times: number; example: string }>();
let tried = 0;
let bad = 0;
for (const path of paths) {
  const read = await batchesOf(path);
  const before = verdicts(read);
  const rules = new Set(before.findings.map((f) => f.rule));
  for (const taking of takings(kind as TakingKind, read, random(nameOf(path)), Number(count))) {
    tried++;
    const { findings, checker } = verdicts(take(read, taking));
    const said =
      side === "healthy"
        ? findings.map((f) => `${f.rule}: ${f.message.replaceAll(/0x[0-9a-f]+(#\d+)?|\d+/g, "N")}`)
        : checker
            .judgements()
            .flatMap(({ rule, verdict }) => (rules.has(rule) && verdict === "fine" ? [`${rule} fine`] : []));
    if (said.length > 0) bad++;
    for (const what of new Set(said)) {
      const known = tally.get(what);
      if (known) known.times++;
      else
        tally.set(what, { times: 1, example: `${nameOf(path)} without ${taking.what}: ${findings[0]?.message ?? ""}` });
    }
  }
}
for (const [what, { times, example }] of [...tally].sort((a, b) => b[1].times - a[1].times))
  console.log(`${times} × ${what}\n      ${example}`);
console.log(`${kind}: ${paths.length} recordings, ${tried} takings, ${bad} bad`);
