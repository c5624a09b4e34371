/** Names that people mistype: found in a list, or refused with the list and the nearest guess. */
import { type EnvironmentName, environmentName, environmentNames } from "../config/environment";
import { SwitchyardError } from "../config/errors";

/** Throws `unknown-environment`. */
export function environmentNamed(given: string): EnvironmentName {
  const known = environmentName(given);
  if (known !== undefined) return known;
  const guess = nearest(given, [...environmentNames, "development", "production"]);
  throw new SwitchyardError(
    "unknown-environment",
    `There is no environment \`${given}\`${guess ? `; did you mean \`${guess}\`?` : "."}`,
    { facts: { given, known: [...environmentNames] } },
  );
}

export function unknownTeam(given: string, environment: string, known: string[]): SwitchyardError {
  const guess = nearest(given, known);
  return new SwitchyardError(
    "unknown-team",
    `There is no team \`${given}\` in ${environment}${guess ? `; did you mean \`${guess}\`?` : "."}`,
    {
      next: `Use one of ${known.join(", ")}, or add the team to Pulumi.${environment}.yaml and run \`switchyard up ${environment}\`.`,
      facts: { given, environment, known },
    },
  );
}

export function unknownSlot(given: string, team: string, known: string[]): SwitchyardError {
  const next = `Use ${known.join(" or ")}.`;
  return new SwitchyardError("usage", `Team ${team} has no slot \`${given}\`.`, {
    next,
    facts: { given, team, known },
  });
}

/** The known name that the fewest typing mistakes turn into `given`; undefined when none is near. */
export function nearest(given: string, known: string[]): string | undefined {
  const guesses = known
    .map((name) => ({ name, away: name.startsWith(given) && given.length > 1 ? 1 : distance(given, name) }))
    .filter(({ name, away }) => away <= Math.max(1, Math.floor(name.length / 3)));
  return guesses.sort((a, b) => a.away - b.away)[0]?.name;
}

/** Optimal string alignment: letters added, left out, changed, or two neighbours swapped. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
