import { changedPaths, ignoreChanges, leadsTo } from "../../engine/state/paths";
import { secret } from "../../engine/state/values";

/** Path, old inputs, new inputs, and what the CLI made of them; `lost` where it said that there was nothing to keep. */
const cases: [string, object, object, object, "lost"?][] = [
  ["nested.q", {}, { nested: { q: 1, p: 1 } }, { nested: { p: 1 } }],
  ["nested.q", { nested: { q: 1, p: 1 } }, {}, {}, "lost"],
  ["nested.q", { nested: { p: 1 } }, { nested: { q: 2, p: 2 } }, { nested: { p: 2 } }],
  ["nested.q", { nested: { q: 1 } }, { nested: { p: 2 } }, { nested: { p: 2, q: 1 } }],
  ["nested.q", { nested: "s" }, { nested: { q: 2 } }, { nested: {} }],
  ["nested.q", { nested: { q: 2 } }, { nested: "s" }, { nested: "s" }, "lost"],
  ["nested", { nested: { q: 1 } }, {}, { nested: { q: 1 } }],
  ["nested", {}, { nested: { q: 1 } }, {}],
  ["l[0]", {}, { l: [1, 2] }, { l: [1, 2] }, "lost"],
  ["l[0]", { l: [1, 2] }, {}, {}, "lost"],
  ["l[0]", { l: [] }, { l: [1] }, { l: [1] }, "lost"],
  ["l[0]", { l: [1, 2] }, { l: [3] }, { l: [1] }],
  ["l[1]", { l: [1, 2] }, { l: [3] }, { l: [3] }, "lost"],
  ["l[1]", { l: [1] }, { l: [3, 4] }, { l: [3, 4] }, "lost"],
  ["l[2]", { l: [1] }, { l: [3, 4] }, { l: [3, 4] }],
  ["l[2]", { l: [1, 2] }, { l: [1, 2] }, { l: [1, 2] }, "lost"],
  ["l[*]", { l: [1, 2] }, { l: [3] }, { l: [1] }, "lost"],
  ["l[*]", { l: [1] }, { l: [3, 4] }, { l: [1, 4] }, "lost"],
  ["l[*]", { l: [1, 2] }, { l: [3, 4] }, { l: [1, 2] }],
  ["l[*]", { l: [1, 2] }, {}, {}, "lost"],
  ["l[*]", {}, { l: [1] }, { l: [1] }],
  ["l[*].a", { l: [{ a: 1 }, { a: 2 }] }, { l: [{ a: 3 }] }, { l: [{ a: 1 }] }, "lost"],
  ["l[*].a", { l: [{ a: 1 }] }, { l: [{ a: 3 }, { a: 4 }] }, { l: [{ a: 1 }, { a: 4 }] }, "lost"],
  ["l[0].a", { l: [{ a: 1 }] }, { l: [{ a: 3 }, { a: 4 }] }, { l: [{ a: 1 }, { a: 4 }] }],
  ["l[1].a", { l: [{ a: 1 }] }, { l: [{ a: 3 }, { a: 4 }] }, { l: [{ a: 3 }, { a: 4 }] }, "lost"],
  ["m.*", { m: { a: 1, b: 2 } }, { m: { b: 3, c: 4 } }, { m: { a: 1, b: 2 } }],
  ["m.*.x", { m: { a: { x: 1 } } }, { m: { c: { x: 4 } } }, { m: { c: { x: 4 } } }, "lost"],
  ["*", { a: 1, b: 2 }, { b: 3, c: 4 }, { a: 1, b: 2 }],
  ["word.a", { word: secret({ a: 1 }) }, { word: secret({ a: 2 }) }, { word: secret({ a: 1 }) }],
];

test.each(cases)("ignoring %s between %j and %j leaves %j, as on the CLI", (path, olds, news, expected, ...lost) => {
  const before = structuredClone(news);
  const { inputs, unkept } = ignoreChanges({ ...news }, { ...olds }, [path]);
  expect(inputs).toEqual(expected);
  expect(unkept).toEqual(lost.length > 0 ? [path] : []);
  expect(news).toEqual(before);
});

test("a replacement is asked for where something at the path or below it changed, not where it came or went around it", () => {
  const replaces = (path: string, olds: object, news: object): boolean =>
    changedPaths({ ...olds }, { ...news }).some((place) => leadsTo(path, place));
  expect(replaces("nested", { nested: { p: [0] } }, { nested: { p: [1] } })).toBe(true);
  expect(replaces("nested.p[0]", { nested: { p: [0] } }, { nested: { p: [1] } })).toBe(true);
  expect(replaces("nested.p[*]", { nested: { p: [0] } }, { nested: { p: [1] } })).toBe(true);
  expect(replaces("nested.p[1]", { nested: { p: [0] } }, { nested: { p: [1] } })).toBe(false);
  expect(replaces("nested.p[0]", {}, { nested: { p: [1] } })).toBe(false);
  expect(replaces("*", { size: 1 }, { size: 2 })).toBe(true);
});
