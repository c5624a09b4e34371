import fc from "fast-check";
import { FrameBoundary } from "../../../local/lb/proxy/frames";

/** A frame as a server sends it, or, with a mask, as a client does. */
function frame(payload: number, masked: boolean): Buffer {
  const mask = masked ? 0x80 : 0;
  const head =
    payload < 126
      ? Buffer.from([0x82, mask | payload])
      : payload < 65_536
        ? Buffer.from([0x82, mask | 126, payload >> 8, payload & 0xff])
        : Buffer.from([0x82, mask | 127, 0, 0, 0, 0, 0, payload >> 16, (payload >> 8) & 0xff, payload & 0xff]);
  return Buffer.concat([head, Buffer.alloc(masked ? 4 : 0), Buffer.alloc(payload, 0xff)]);
}

test("the end of each frame is found however the bytes arrive", () => {
  const payload = fc.oneof(fc.integer({ min: 0, max: 130 }), fc.constantFrom(65_535, 65_536, 70_000));
  const frames = fc.array(fc.record({ payload, masked: fc.boolean() }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 1 }), (specs, sizes) => {
      const parts = specs.map((spec) => frame(spec.payload, spec.masked));
      const bytes = Buffer.concat(parts);
      const ends = new Set<number>();
      parts.reduce((at, part) => ends.add(at + part.length) && at + part.length, 0);
      const boundary = new FrameBoundary();
      let at = 0;
      for (let i = 0; at < bytes.length; i++) {
        const chunk = bytes.subarray(at, at + (sizes[i % sizes.length] as number));
        const first = boundary.push(chunk);
        const expected = [...ends].find((end) => end > at && end <= at + chunk.length);
        expect(first).toBe(expected === undefined ? -1 : expected - at);
        at += chunk.length;
        expect(boundary.here).toBe(ends.has(at));
      }
    }),
    { numRuns: 200 },
  );
});
