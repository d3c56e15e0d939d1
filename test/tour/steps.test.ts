/** The resolved tour: the moment of each step, its figures, and that the package contains their recordings. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { replay } from "../../src/replay/replay.js";
import { TOUR, TOUR_FOLDER, type TourStep, tourSteps } from "../../src/tour/index.js";

const steps = await tourSteps();
const byId = (id: string): TourStep => steps.find((step) => step.id === id)!;

test("it is plain data", (t) => {
  t.deepEqual(JSON.parse(JSON.stringify(steps)), steps);
});

test("only what is asked for is resolved, and comes to the same", async (t) => {
  t.deepEqual(await tourSteps([6, 2]), [steps[5]!, steps[1]!]);
});

for (const { number, id, moment, views, recordings, commands } of steps) {
  test(`${number} ${id}: a moment of a recording, with an object that lives then`, async (t) => {
    const { world } = await replay(join(TOUR_FOLDER, moment.recording), { at: { event: moment.event } });
    const found = [...world.store.live()].filter((object) => world.label(object) === moment.object);
    t.is(found.length, 1, moment.object);
    t.true(found[0]!.focus);
  });

  test(`${number} ${id}: something to see, in 78 columns`, (t) => {
    t.true(views.length > 0);
    for (const { lines, caption, events, recording, simulated } of views) {
      t.true(lines.length > 0 && lines.length <= 80, caption);
      for (const line of lines) t.true([...line].length <= 78, line);
      t.true(events[0] >= 1 && events[0] <= events[1], caption);
      t.is(recording === null, simulated !== undefined);
      t.notRegex(lines.join("\n"), /undefined|NaN|\{event\}/);
    }
    t.is(recordings[0], moment.recording);
    t.true(commands.length > 0);
    t.notRegex(JSON.stringify(commands), /\{(event|object|fault)\}/);
  });

  test(`${number} ${id}: no two objects in a view are cut to the same four digits`, async (t) => {
    for (const { lines, recording } of views) {
      if (recording === null) continue;
      const { world } = await replay(join(TOUR_FOLDER, recording));
      const shown = new Set(lines.join("\n").match(/(?<=…)[0-9a-f]{4}/g));
      const focus = [
        ...new Set(
          [...world.store.live()]
            .filter((object) => object.focus)
            .map((object) => `${object.kind} ${world.addresses.hex(object.address)}`),
        ),
      ];
      for (const kind of new Set(focus.map((label) => label.split(" ")[0]!))) {
        const ends = focus
          .filter((label) => label.startsWith(`${kind} `))
          .map((label) => label.slice(-4))
          .filter((end) => shown.has(end));
        t.deepEqual(ends, [...new Set(ends)], kind);
      }
    }
  });
}

test("a moment is found by what happens there", (t) => {
  const there = (id: string): RegExpExecArray | null =>
    new RegExp(`^ *${byId(id).moment.event}  .*`, "m").exec(byId(id).views[0]!.lines.join("\n"));
  t.regex(there("close")![0], /destroy_inode/);
  t.regex(there("unload")![0], /kern_unmount/);
  t.regex(there("race-unbind")![0], /kvm_gmem_release/);
  t.regex(there("owner")![0], /unload kvm_amd = -1 EAGAIN/);
});

test("a step of a recording that is not there is trouble, not a wrong step", async (t) => {
  await t.throwsAsync(replay(join(TOUR_FOLDER, "fixtures/recordings/none.trace.gz")), { name: "TroubleError" });
});

test("the package brings every file that the tour looks at, and no other recording", (t) => {
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: TOUR_FOLDER,
      stdio: ["ignore", "pipe", "ignore"],
    }).toString(),
  ) as { readonly files: readonly { readonly path: string }[] }[];
  const brought = packed!.files.flatMap(({ path }) => (/^fixtures\/(recordings|scenarios)\//.test(path) ? [path] : []));
  const wanted = [
    ...steps.flatMap(({ recordings }) => recordings),
    ...steps.flatMap(({ views }) => views.flatMap(({ simulated }) => simulated?.scenario ?? [])),
  ];
  t.deepEqual(brought.sort(), [...new Set(wanted)].sort());
  for (const path of wanted) t.true(existsSync(join(TOUR_FOLDER, path)));
});

test("what is written names nothing by a number of an event", (t) => {
  for (const { at, views, commands } of TOUR)
    t.notRegex(JSON.stringify([at, views, commands]), /\bevent \d|"--at","\d/);
});
