import type { Urn } from "../state/types";
import { isProviderType, parseUrn, stackType } from "./urn";

/** Resources that a person names: those that may change, all of them where none is named, or those to replace. `*` stands for a part of a URN, `**` for any text. */
export class Targets {
  readonly #patterns: RegExp[];

  constructor(targets: Urn[]) {
    this.#patterns = targets.map((target) => {
      const parts = target.split(/(\*\*|\*)/).map((part) => {
        if (part === "**") return ".*";
        return part === "*" ? "[^:]*" : part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&");
      });
      return new RegExp(`^${parts.join("")}$`);
    });
  }

  get all(): boolean {
    return this.#patterns.length === 0;
  }

  lists(urn: Urn): boolean {
    return this.#patterns.some((pattern) => pattern.test(urn));
  }

  /** Listed, or no list was given. */
  names(urn: Urn): boolean {
    return this.all || this.lists(urn);
  }

  /** The stack itself and providers always take part: nothing can be made without them. */
  includes(urn: Urn): boolean {
    const { type } = parseUrn(urn);
    return this.names(urn) || type === stackType || isProviderType(type);
  }
}
