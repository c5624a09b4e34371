import type { PropertyMap } from "../state/types";

/** A resource was made or changed, but did not become ready ("init error"). It is kept in state, and the run fails. */
export class PartialFailure extends Error {
  readonly id: string;
  readonly properties: PropertyMap;
  readonly reasons: string[];

  constructor(message: string, id: string, properties: PropertyMap, reasons: string[]) {
    super(message);
    this.name = "PartialFailure";
    this.id = id;
    this.properties = properties;
    this.reasons = reasons;
  }

  /** As the CLI prints it. */
  get listed(): string {
    const { length } = this.reasons;
    return `${length} error${length === 1 ? "" : "s"} occurred:\n${this.reasons.map((reason) => `\t* ${reason}\n`).join("")}\n`;
  }
}

/** A provider call that failed for sure before it did anything; any other error leaves that open. */
export class CleanFailure extends Error {}
