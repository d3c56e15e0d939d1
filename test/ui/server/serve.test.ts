/** The requests that the viewer's server answers, its answers, and its refusals. */
import { once } from "node:events";
import { open, truncate } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import test from "ava";
import fc from "fast-check";
import { inFile, inMemory } from "../../../src/ui/server/content.js";
import { serve, type Serving, type Thing } from "../../../src/ui/server/serve.js";
import { fileOf } from "../../cli/run.js";
import { exchange, get, type Reply, request } from "./raw.js";

const PAGE = "<!doctype html><title>kreel</title>";
const BYTES = Buffer.from(Array.from({ length: 1000 }, (_, k) => (k * 7) & 255));
const THINGS: readonly (readonly [string, Thing])[] = [
  ["", () => inMemory("text/html; charset=utf-8", Buffer.from(PAGE))],
  ["page.js", () => inMemory("text/javascript; charset=utf-8", Buffer.from("0"))],
  ["log/0", () => inMemory("application/octet-stream", BYTES)],
];

let serving: Serving;
let port: number;
let token: string;
let host: string;

test.before(async () => {
  serving = await serve(new Map(THINGS));
  const { port: digits, pathname } = new URL(serving.address);
  port = Number(digits);
  token = pathname.slice(1, -1);
  host = `Host: 127.0.0.1:${port}`;
});

test.after.always(() => serving.close());

/** An empty answer that reveals neither the server nor a reason. */
function isNothing(
  t: { deepEqual(a: unknown, b: unknown, m?: string): void },
  { status, headers, body }: Reply,
  what: string,
): void {
  t.deepEqual(
    [status, Object.fromEntries(headers), body.length],
    [404, { "content-length": "0", connection: "close" }, 0],
    what,
  );
}

test("the address is on loopback, with a token of 128 bits that is another each time", async (t) => {
  t.regex(serving.address, /^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/);
  const other = await serve(new Map(THINGS));
  t.teardown(() => other.close());
  t.not(new URL(other.address).pathname, new URL(serving.address).pathname);
});

test("it is reachable at no other address of the machine", async (t) => {
  const others = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).filter(({ internal, family }) => !internal && family === "IPv4").map(({ address }) => address),
  );
  for (const address of [...others, "127.0.0.2"]) {
    const socket = connect(port, address);
    const [error] = (await once(socket, "error").catch((e: unknown) => [e])) as [NodeJS.ErrnoException];
    t.truthy(error.code, address);
  }
});

test("what is on the list is served as what it is, and may do nothing but be the page", async (t) => {
  for (const [place, type, text] of [
    ["", "text/html; charset=utf-8", PAGE],
    ["page.js", "text/javascript; charset=utf-8", "0"],
    ["log/0", "application/octet-stream", BYTES.toString("latin1")],
  ] as const) {
    const { status, headers, body } = await get(serving.address, place);
    t.deepEqual([status, headers.get("content-type"), body.toString("latin1")], [200, type, text]);
    t.is(
      headers.get("content-security-policy"),
      "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    for (const [name, value] of [
      ["x-content-type-options", "nosniff"],
      ["referrer-policy", "no-referrer"],
      ["cross-origin-opener-policy", "same-origin"],
      ["cross-origin-resource-policy", "same-origin"],
      ["cache-control", "no-store"],
    ] as const)
      t.is(headers.get(name), value);
    for (const name of ["server", "x-powered-by", "etag", "access-control-allow-origin", "set-cookie"])
      t.false(headers.has(name), name);
  }
});

test("HEAD is GET without the body", async (t) => {
  for (const [place] of THINGS) {
    const [whole, head] = [await get(serving.address, place), await get(serving.address, place, [], "HEAD")];
    t.is(head.body.length, 0);
    const [a, b] = [whole, head].map(({ headers }) =>
      Object.fromEntries([...headers].filter(([name]) => name !== "date")),
    );
    t.deepEqual(b, a);
  }
  t.is((await get(serving.address, "log/0", ["Range: bytes=0-1"], "HEAD")).headers.get("content-length"), "1000");
});

test("the page may have a query, which is its own; nothing else has any", async (t) => {
  t.is((await get(serving.address, "?at=1402&object=inode")).body.toString(), PAGE);
  for (const place of ["page.js?", "page.js?v=2", "log/0?a", "none?a=1"])
    isNothing(t, await get(serving.address, place), place);
});

test("without the token, or with another, there is nothing", async (t) => {
  const wrong = `${token.slice(0, -1)}${token.endsWith("0") ? "1" : "0"}`;
  for (const path of [
    "/",
    "//",
    `/${token}`,
    `//${token}/`,
    `/${wrong}/`,
    `/${token}0/`,
    `/${token.slice(1)}/`,
    `/${token.toUpperCase()}x/`,
    "/favicon.ico",
    "/page.js",
    `/x/${token}/`,
    `/%2f${token}/`,
    `/${token.replace(/./, (c) => `%${c.charCodeAt(0).toString(16)}`)}/`,
    `/?${token}/`,
    `/undefined/`,
    "*",
  ]) {
    isNothing(t, await request(port, `GET ${path} HTTP/1.1`, [host]), path);
  }
});

test("with the token there is what is on the list, to the letter", async (t) => {
  for (const place of [
    "index.html",
    "page.JS",
    "page.js/",
    "./page.js",
    "../page.js",
    "x/../page.js",
    "%70age.js",
    "log%2f0",
    "log%2F0",
    "log//0",
    "log/0/",
    "log/00",
    "log/1",
    "log\\0",
    "log/0%00",
    "page.js%20",
    "page.js;a",
    "page.js#a",
    "/page.js",
    "..%2f..%2fetc/passwd",
    "../../../etc/passwd",
    "__proto__",
    "constructor",
    "toString",
    "diff.json",
  ]) {
    isNothing(t, await get(serving.address, place), place);
  }
});

test("a request under another name than that of this machine is somebody else's (DNS rebinding)", async (t) => {
  const line = `GET /${token}/ HTTP/1.1`;
  for (const name of [`127.0.0.1:${port}`, `localhost:${port}`])
    t.is((await request(port, line, [`Host: ${name}`])).status, 200, name);
  for (const name of [
    "127.0.0.1",
    "localhost",
    `evil.example:${port}`,
    `127.0.0.1.evil.example:${port}`,
    `127.0.0.1:${port}.evil.example`,
    `evil.example@127.0.0.1:${port}`,
    `127.0.0.1:${port + 1}`,
    `[::1]:${port}`,
    `0.0.0.0:${port}`,
    `127.1:${port}`,
    `LOCALHOST:${port}`,
    `localhost.:${port}`,
    `127.0.0.1:${port},evil.example`,
    "",
  ]) {
    isNothing(t, await request(port, line, [`Host: ${name}`]), name);
  }
  isNothing(t, await request(port, line, []), "no name");
  isNothing(t, await request(port, line, [host, "Host: evil.example"]), "two names");
  isNothing(t, await request(port, line, [host, host]), "the same name twice");
  isNothing(t, await request(port, `GET /${token}/ HTTP/1.0`, []), "HTTP/1.0 without a name");
  for (const form of [
    `http://127.0.0.1:${port}/${token}/`,
    `http://evil.example/${token}/`,
    `//127.0.0.1:${port}/${token}/`,
  ])
    isNothing(t, await request(port, `GET ${form} HTTP/1.1`, [host]), form);
});

test("a request that another site's page makes gets nothing", async (t) => {
  for (const headers of [
    [`Origin: http://127.0.0.1:${port}`],
    ["Sec-Fetch-Site: same-origin"],
    ["Sec-Fetch-Site: none"],
  ])
    t.is((await get(serving.address, "page.js", headers)).status, 200, headers[0]);
  for (const headers of [
    ["Origin: http://evil.example"],
    ["Origin: null"],
    ["Origin: "],
    [`Origin: https://127.0.0.1:${port}`],
    [`Origin: http://127.0.0.1:${port + 1}`],
    [`Origin: http://localhost:${port}`],
    [`Origin: http://127.0.0.1:${port}`, "Origin: http://evil.example"],
    ["Sec-Fetch-Site: cross-site"],
    ["Sec-Fetch-Site: same-site"],
    ["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"],
    ["Sec-Fetch-Site: "],
  ]) {
    isNothing(t, await get(serving.address, "page.js", headers), headers.join());
  }
});

test("nothing can be sent to it, nor asked in any other way than GET and HEAD", async (t) => {
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
    isNothing(t, await get(serving.address, "", [], method), method);
  isNothing(t, await get(serving.address, "", ["Content-Length: 4"]), "a body");
  isNothing(t, await get(serving.address, "", ["Transfer-Encoding: chunked"]), "a body in chunks");
  isNothing(t, await get(serving.address, "", ["Expect: 100-continue"]), "an expectation");
  isNothing(t, await get(serving.address, "", ["Expect: tea"]), "another expectation");
  t.is((await get(serving.address, "", ["Upgrade: websocket", "Sec-WebSocket-Key: a"])).status, 200);
  t.is((await exchange(port, `CONNECT 127.0.0.1:${port} HTTP/1.1\r\n${host}\r\n\r\n`)).length, 0);
});

test("what is no HTTP is refused and forgotten", async (t) => {
  for (const text of [
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "GET\r\n\r\n",
    `GET /${token}/ HTTP/9.9\r\n${host}\r\n\r\n`,
    `GET /${token}/ HTTP/1.1\r\n${host}\r\nX: ${"a".repeat(20_000)}\r\n\r\n`,
    `GET /${"a".repeat(20_000)} HTTP/1.1\r\n${host}\r\n\r\n`,
  ]) {
    const reply = await exchange(port, text);
    t.regex(reply.toString("latin1"), /^HTTP\/1\.1 4\d\d [\w ]+\r\nConnection: close\r\n\r\n$/);
  }
  t.is((await get(serving.address, "")).status, 200);
});

test("property: whatever the path, nothing is served but what is on the list", async (t) => {
  const segment = fc.oneof(
    fc.constantFrom(
      "..",
      ".",
      "",
      "log",
      "0",
      "page.js",
      "%2e%2e",
      "%2f",
      "etc",
      "passwd",
      "index.html",
      "\\",
      "?",
      "#",
      "%00",
    ),
    fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 8 }),
  );
  const start = fc.constantFrom("/TOKEN/", "/TOKEN", "/", "//TOKEN/", "/TOKEN/../TOKEN/", "http://127.0.0.1/TOKEN/");
  const listed = new Set(THINGS.map(([place]) => place));
  await fc.assert(
    fc.asyncProperty(start, fc.array(segment, { maxLength: 4 }), async (before, segments) => {
      const path = `${before}${segments.join("/")}`.replaceAll("TOKEN", token);
      const place = path.startsWith(`/${token}/`) ? path.slice(token.length + 2) : undefined;
      const { status } = await request(port, `GET ${path} HTTP/1.1`, [host]);
      const isListed = place !== undefined && (listed.has(place) || place.startsWith("?"));
      return isListed ? status === 200 : status === 404 || status === 400;
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test("a range is answered with that part, and with where it is from", async (t) => {
  for (const [range, first, last] of [
    ["bytes=0-0", 0, 0],
    ["bytes=10-19", 10, 19],
    ["bytes=990-", 990, 999],
    ["bytes=0-5000", 0, 999],
    ["bytes=-1", 999, 999],
    ["bytes=-5000", 0, 999],
    ["Bytes=1-2", 1, 2],
  ] as const) {
    const { status, headers, body } = await get(serving.address, "log/0", [`Range: ${range}`]);
    t.deepEqual(
      [status, headers.get("content-range"), headers.get("content-length")],
      [206, `bytes ${first}-${last}/1000`, String(last - first + 1)],
      range,
    );
    t.deepEqual(body, BYTES.subarray(first, last + 1), range);
  }
});

test("a range outside of it, or of several parts, is not", async (t) => {
  for (const range of [
    "bytes=1000-",
    "bytes=1000-1001",
    "bytes=5-4",
    "bytes=-0",
    "bytes=-",
    "bytes=",
    "bytes=a-b",
    "bytes=0-1,4-5",
    "bytes=-1-2",
    "bytes=0x1-2",
    "bytes=1e1-20",
    "bytes= 1-2",
    `bytes=${"9".repeat(400)}-`,
  ]) {
    const { status, headers, body } = await get(serving.address, "log/0", [`Range: ${range}`]);
    t.deepEqual([status, headers.get("content-range"), body.length], [416, "bytes */1000", 0], range);
  }
});

test("a range that cannot be meant is none: all of it is served", async (t) => {
  for (const headers of [["Range: lines=1-2"], ["Range: bytes=0-1", 'If-Range: "a"']]) {
    const { status, body } = await get(serving.address, "log/0", headers);
    t.deepEqual([status, body], [200, BYTES], headers.join());
  }
});

test("property: a range of a file is that slice of it", async (t) => {
  const bytes = Buffer.from(Array.from({ length: 600_000 }, (_, k) => (k ^ (k >> 8)) & 255));
  const file = await open(fileOf(bytes, "log"));
  const filed = await serve(new Map([["log/0", () => inFile("application/octet-stream", file, bytes.length)]]));
  t.teardown(async () => {
    await filed.close();
    await file.close();
  });
  const place = fc.oneof(fc.nat(bytes.length + 10), fc.constantFrom(0, bytes.length - 1, bytes.length, 256 * 1024));
  await fc.assert(
    fc.asyncProperty(place, place, async (first, last) => {
      const { status, body } = await get(filed.address, "log/0", [`Range: bytes=${first}-${last}`]);
      return first <= last && first < bytes.length
        ? status === 206 && body.equals(bytes.subarray(first, last + 1))
        : status === 416 && body.length === 0;
    }),
    { numRuns: 150 },
  );
  t.deepEqual((await get(filed.address, "log/0")).body, bytes);
});

test("of a file that was cut off meanwhile, the answer breaks off", async (t) => {
  const path = fileOf(BYTES, "log");
  const file = await open(path);
  const filed = await serve(new Map([["log/0", () => inFile("application/octet-stream", file, BYTES.length)]]));
  t.teardown(async () => {
    await filed.close();
    await file.close();
  });
  await truncate(path, 100);
  t.true((await get(filed.address, "log/0", ["Range: bytes=0-999"])).body.length <= 100);
  t.is((await get(filed.address, "log/0", ["Range: bytes=0-99"])).body.length, 100);
});

test("a file is read many times at once", async (t) => {
  const file = await open(fileOf(BYTES, "log"));
  const filed = await serve(new Map([["log/0", () => inFile("application/octet-stream", file, BYTES.length)]]));
  t.teardown(async () => {
    await filed.close();
    await file.close();
  });
  const replies = await Promise.all(
    Array.from({ length: 50 }, (_, k) => get(filed.address, "log/0", [`Range: bytes=${k}-${k}`])),
  );
  t.deepEqual(Buffer.concat(replies.map(({ body }) => body)), BYTES.subarray(0, 50));
});

test("it answers while something else is being made, and closes whoever hangs", async (t) => {
  const big = Buffer.alloc(64 << 20);
  const slow = await serve(
    new Map<string, Thing>([
      ["", () => inMemory("text/html", Buffer.from(PAGE))],
      ["never", () => new Promise(() => {})],
      ["big", () => inMemory("text/plain", big)],
    ]),
  );
  const { port: digits, pathname, host: name } = new URL(slow.address);
  const hanging = [
    `GET ${pathname}never HTTP/1.1\r\nHost: ${name}\r\n\r\n`,
    `GET ${pathname}big HTTP/1.1\r\nHost: ${name}\r\n\r\n`,
    "GET / HT",
    "",
  ].map((text) => {
    const socket = connect(Number(digits), "127.0.0.1").on("error", () => {});
    socket.pause().write(text);
    return socket;
  });
  await Promise.all(hanging.map((socket) => once(socket, "connect")));
  t.is((await get(slow.address, "")).body.toString(), PAGE);
  const closed = Promise.all(hanging.map((socket) => once(socket.resume(), "close")));
  const began = performance.now();
  await slow.close();
  await closed;
  t.true(performance.now() - began < 2000);
});

test("a client that never says what it wants is cut off", async (t) => {
  const began = performance.now();
  const said = await exchange(port, "GET / HTTP/1.1\r\nX: ");
  t.regex(said.toString(), /^HTTP\/1\.1 408 [^\n]*\r\nConnection: close\r\n\r\n$/);
  t.true(performance.now() - began < 15_000);
});

/** A server that makes `later` when `give` is called; `asked` is called on each request for it. */
async function withLater(asked: () => void): Promise<{
  readonly serving: Serving;
  readonly port: number;
  readonly get: (place: string) => string;
  give(): void;
}> {
  let give = (): void => {};
  const later = new Promise<void>((resolve) => (give = resolve));
  const thing: Thing = async () => {
    asked();
    await later;
    return inMemory("text/plain", Buffer.from("later"));
  };
  const made = await serve(new Map([...THINGS, ["later", thing]]));
  const { port: digits, pathname, host: name } = new URL(made.address);
  return {
    serving: made,
    port: Number(digits),
    get: (place) => `GET ${pathname}${place} HTTP/1.1\r\nHost: ${name}\r\n\r\n`,
    give,
  };
}

test("strangers who hold connections do not keep the owner out, nor cut off a connection that showed the token", async (t) => {
  let isAsked = (): void => {};
  const asked = new Promise<void>((resolve) => (isAsked = resolve));
  const { serving: other, port: at, get: line, give } = await withLater(isAsked);
  const owner = connect(at, "127.0.0.1");
  owner.write(line("later"));
  await asked;
  let left = 0;
  const strangers: Socket[] = [];
  // Idle, in the middle of a request line, in the middle of headers, and with the token but never done.
  const held = ["", "GET /", "GET / HTTP/1.1\r\nHost: x\r\nX: ", line("").slice(0, -2)];
  for (let k = 0; k < 600; k++) {
    const socket = connect(at, "127.0.0.1")
      .on("error", () => {})
      .once("close", () => left++);
    strangers.push(socket);
    socket.write(held[k % held.length]!);
    await once(socket, "connect");
  }
  t.is((await get(other.address, "log/0")).status, 200);
  // The first ones made room.
  t.true(left >= 600 - 320, String(left));
  give();
  t.regex(String(await once(owner, "data")), /^HTTP\/1\.1 200 [^]*later$/);
  const ended = Promise.all(strangers.filter(({ closed }) => !closed).map((socket) => once(socket, "close")));
  await other.close();
  await ended;
});

test("whoever has the token may open as many connections as they like: those beyond a number end with their answer", async (t) => {
  let asking = 0;
  let areAsking = (): void => {};
  const full = new Promise<void>((resolve) => (areAsking = resolve));
  const {
    serving: other,
    port: at,
    get: line,
    give,
  } = await withLater(() => {
    if (++asking === 128) areAsking();
  });
  const open = Array.from({ length: 128 }, () => {
    const socket = connect(at, "127.0.0.1");
    socket.write(line("later"));
    return socket;
  });
  await full;
  for (let k = 0; k < 3; k++)
    t.regex(String(await exchange(at, line("log/0"))), /^HTTP\/1\.1 200 [^]*\r\nConnection: close\r\n/);
  const answers = Promise.all(open.map(async (socket) => String(await once(socket, "data"))));
  give();
  for (const answer of await answers) t.regex(answer, /^HTTP\/1\.1 200 [^]*\r\nConnection: keep-alive\r\n[^]*later$/);
  await other.close();
});

test("a port that is asked for is taken, or said to be taken", async (t) => {
  const other = await serve(new Map(THINGS));
  const { port: digits } = new URL(other.address);
  await t.throwsAsync(serve(new Map(THINGS), { port: Number(digits) }), { code: "EADDRINUSE" });
  await other.close();
  const again = await serve(new Map(THINGS), { port: Number(digits) });
  t.is(new URL(again.address).port, digits);
  await again.close();
});
