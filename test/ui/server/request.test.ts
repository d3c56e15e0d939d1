/** Accepts and refuses requests correctly, for any request. */
import test from "ava";
import fc from "fast-check";
import { type Asked, placeOf } from "../../../src/ui/server/request.js";

const TOKEN = "0123456789abcdef0123456789abcdef";
const door = { port: 4321, token: TOKEN };

/** With headers as Node gives them. */
function asked(method: string, url: string, headers: Readonly<Record<string, string>>): Asked {
  return {
    method,
    url,
    headers,
    headersDistinct: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
  };
}

test("on port 80 browsers leave the port out", (t) => {
  for (const [port, host, place] of [
    [80, "127.0.0.1", "page.js"],
    [80, "localhost", "page.js"],
    [80, "127.0.0.1:80", "page.js"],
    [80, "evil.example", undefined],
    [8080, "127.0.0.1", undefined],
  ] as const) {
    t.is(placeOf(asked("GET", `/${TOKEN}/page.js`, { host }), { port, token: TOKEN }), place, `${port} ${host}`);
  }
});

test("property: only the page's own requests have a place, and it is what the path says to the letter", (t) => {
  const among = (...right: readonly string[]): fc.Arbitrary<string> =>
    fc.oneof(
      { arbitrary: fc.constantFrom(...right), weight: 3 },
      { arbitrary: fc.string({ maxLength: 12 }), weight: 1 },
    );
  const [HOSTS, SITES] = [
    ["127.0.0.1:4321", "localhost:4321"],
    ["same-origin", "none"],
  ];
  fc.assert(
    fc.property(
      among("GET", "HEAD"),
      among(TOKEN),
      among("", "page.js", "log/0", "session.json"),
      among(...HOSTS),
      fc.option(among("http://127.0.0.1:4321", "http://localhost:4321"), { nil: undefined }),
      fc.option(among(...SITES), { nil: undefined }),
      (method, token, place, host, origin, site) => {
        const headers = {
          host,
          ...(origin !== undefined && { origin }),
          ...(site !== undefined && { "sec-fetch-site": site }),
        };
        const own =
          ["GET", "HEAD"].includes(method) &&
          token === TOKEN &&
          HOSTS.includes(host) &&
          (origin === undefined || origin === `http://${host}`) &&
          (site === undefined || SITES.includes(site));
        return (
          placeOf(asked(method, `/${token}/${place}`, headers), door) ===
          (own ? (place.startsWith("?") ? "" : place) : undefined)
        );
      },
    ),
    { numRuns: 3000 },
  );
  t.pass();
});

test("property: a token that differs in any character is another", (t) => {
  fc.assert(
    fc.property(fc.nat(TOKEN.length - 1), fc.constantFrom(..."0123456789abcdefABCDEF%./"), (at, character) => {
      const token = TOKEN.slice(0, at) + character + TOKEN.slice(at + 1);
      return (
        (placeOf(asked("GET", `/${token}/page.js`, { host: "127.0.0.1:4321" }), door) === "page.js") ===
        (token === TOKEN)
      );
    }),
  );
  t.pass();
});
