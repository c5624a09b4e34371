/** Where WebSocket frames (RFC 6455) begin and end in one direction of a tunnel, so that a frame can be put between two others. */

/** Close with 1001, "going away", as a server sends it (unmasked). */
export const closeGoingAway = Buffer.from([0x88, 0x02, 0x03, 0xe9]);

export class FrameBoundary {
  private payloadLeft = 0;
  private readonly head = Buffer.alloc(14);
  private headLength = 0;

  /** Between two frames: everything that was pushed ended with a whole frame. */
  get here(): boolean {
    return this.payloadLeft === 0 && this.headLength === 0;
  }

  /** Follows the bytes. Returns the offset in `chunk` of the first boundary after its start, or -1 if it has none. */
  push(chunk: Buffer): number {
    let first = -1;
    let at = 0;
    while (at < chunk.length) {
      if (this.payloadLeft > 0) {
        const step = Math.min(this.payloadLeft, chunk.length - at);
        this.payloadLeft -= step;
        at += step;
      } else {
        this.head[this.headLength] = chunk[at] as number;
        this.headLength += 1;
        at += 1;
        this.readHead();
      }
      if (first === -1 && this.here) first = at;
    }
    return first;
  }

  private readHead(): void {
    if (this.headLength < 2) return;
    const second = this.head[1] as number;
    const short = second & 0x7f;
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    const mask = (second & 0x80) === 0 ? 0 : 4;
    if (this.headLength < 2 + extended + mask) return;
    if (extended === 2) this.payloadLeft = this.head.readUInt16BE(2);
    else if (extended === 8) this.payloadLeft = Number(this.head.readBigUInt64BE(2));
    else this.payloadLeft = short;
    this.headLength = 0;
  }
}
