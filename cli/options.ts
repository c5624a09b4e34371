import { InvalidArgumentError } from "commander";

/** For an option's value: 1, 2, 3 … */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("Expected a whole number from 1.");
  return Number(text);
}
