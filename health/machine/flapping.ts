/** Results that the share of changes is worked out over. */
export const historyLength = 21;

/**
 * The fastest change that thresholds of 3 and 2 let through is two in five results, 40 %: flapping has to begin below that.
 * It ends lower than it begins, so that flapping itself does not flap.
 */
const beginsAbove = 0.3;
const endsBelow = 0.15;

/**
 * Whether good and bad follow each other too often to tell each change. Newer changes weigh more: weights rise linearly from
 * 0.8 to 1.2 over 20 changes, as in Nagios. Results that are not there yet count as no change.
 */
export function isFlapping(history: readonly boolean[], before: boolean): boolean {
  const share = changeShare(history);
  return before ? share >= endsBelow : share > beginsAbove;
}

function changeShare(history: readonly boolean[]): number {
  const most = historyLength - 1;
  const oldest = historyLength - history.length;
  let sum = 0;
  for (let i = 1; i < history.length; i++) {
    if (history[i] !== history[i - 1]) sum += 0.8 + (0.4 * (oldest + i - 1)) / (most - 1);
  }
  return sum / most;
}
