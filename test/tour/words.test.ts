/** The tour's words: each term is explained at its first use, and the text is short enough to read. */
import test from "ava";
import { TOUR, tourSteps } from "../../src/tour/index.js";

/** Each term with the words that explain it; they begin where the tour first uses it. */
const GLOSSARY: readonly (readonly [term: string, explained: RegExp])[] = [
  ["VM", /^VM is a computer in a program/],
  ["guest_memfd", /^guest_memfd turns that around: the memory belongs to a file/],
  ["file", /^file, something with a size and contents that a process can open/],
  ["file descriptor", /^file descriptor: the small number by which a process names something that it has open/],
  ["reference", /^references: a reference is a promise that the object stays until it is given back/],
  ["reference count", /^reference count says how many there are/],
  ["recording", /^recordings of running kernels\. A recording is a list of events/],
  ["event", /^events: each says that a certain function was entered, or left/],
  ["inode", /^inode is the thing itself/],
  ["dentry", /^dentry \(directory entry\) is the name that leads to an inode/],
  ["superblock", /^superblock is one file system with all its inodes/],
  ["mount", /^mount is a place where that file system can be reached/],
  ["pseudo file system", /^pseudo file systems: a pseudo file system is on no disk/],
  ["anonymous inode", /^anonymous inode is an inode of that one/],
  ["call tree", /^call tree: a line for each call/],
  ["module", /^module, code that is loaded into the running kernel and can be removed again/],
  ["module reference", /^module reference is what keeps it there/],
  ["file system type", /^file system type describes one/],
  ["kern_mount", /^kern_mount makes a mount that is in no directory, for the kernel alone/],
  ["magic number", /^magic number, the letters GMEM, by which programs can tell it from others/],
  ["root inode", /^root inode, the one that every file system begins with/],
  ["eviction", /^eviction is how an inode dies/i],
  ["pages", /^pages away, the pieces of memory that are its contents/],
  ["RCU", /^RCU \(read-copy-update\): readers say when they begin and end/],
  ["grace period", /^grace period, the time until every reader is done who may have seen it/],
  [
    "RCU callback",
    /^RCU callback is a function that is left with the kernel, to be called when the grace period is over/,
  ],
  ["task", /^task \(a thread of a program, or one of the kernel's own\)/],
  ["errno", /^errno is the number of an error/],
  ["ERR_PTR", /^ERR_PTR\. A caller that forgets to check/],
  ["fault injection", /^fault injection\)/],
  ["finding", /^finding: something that must never happen, that the recording proves/],
  ["file operations", /^file operations \(fops\): read is done by this one/],
  ["owner", /^owner, the module that the functions are in/],
  ["race", /^race is when two tasks run at once, and it matters who is first/],
  ["hazard", /^hazard, a window in which something can go wrong/],
  ["memslot", /^memslot is a range of a VM's memory/],
  ["binding", /^binding is two pointers/],
  ["use after free", /^use after free, known as/],
];

const steps = await tourSteps();
/** The text in reading order; the lead-in of a term's explanation may precede it. */
const everything = steps
  .flatMap(({ paragraphs, views }) => [...paragraphs, ...views.flatMap(({ caption, lines }) => [caption, ...lines])])
  .join("\n");

for (const [term, explained] of GLOSSARY) {
  test(`${term} is explained where it first comes`, (t) => {
    const first = everything.search(
      new RegExp(`(?<![\\w-])${term.replace(/s$/, "")}(s|ies)?\\b`, term === "eviction" ? "i" : ""),
    );
    t.regex(everything.slice(first, first + 200), explained);
  });
}

test("each step lists what it explains", (t) => {
  t.deepEqual(
    steps.flatMap(({ terms }) => terms),
    GLOSSARY.map(([term]) => term),
  );
  for (const { terms, paragraphs, id } of steps)
    for (const term of terms) t.regex(paragraphs.join("\n"), new RegExp(`\\b${term}\\b`, "i"), id);
});

test("a dozen steps of two to five short paragraphs, read in ten minutes", (t) => {
  t.is(TOUR.length, 12);
  for (const { id, paragraphs } of TOUR) t.true(paragraphs.length >= 2 && paragraphs.length <= 5, id);
  for (const paragraph of TOUR.flatMap((step) => step.paragraphs))
    t.true(paragraph.split(" ").length <= 110, paragraph);
  // People read 238 words a minute (Brysbaert 2019).
  const words = TOUR.flatMap((step) => step.paragraphs)
    .join(" ")
    .split(/\s+/).length;
  t.true(words <= 2380, `${words} words`);
});

test("from what it is, over what the patch adds and every error, to the races", (t) => {
  t.deepEqual(
    TOUR.map(({ id }) => id),
    [
      "memory",
      "anonymous",
      "create",
      "mount",
      "difference",
      "close",
      "limits",
      "memory-runs-out",
      "owner",
      "unload",
      "race-unload",
      "race-unbind",
    ],
  );
});
