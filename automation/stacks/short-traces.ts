/** Enough to see where an error comes from. */
const shortTrace = 3;
let running = 0;
let usual = 0;

/**
 * Runs an operation with short stack traces. The SDK takes one for each of the hundreds of promises it makes, in case one
 * leaks: a tenth of a traffic switch.
 */
export async function withShortTraces<T>(operation: () => Promise<T>): Promise<T> {
  if (running++ === 0) {
    usual = Error.stackTraceLimit;
    Error.stackTraceLimit = Math.min(usual, shortTrace);
  }
  try {
    return await operation();
  } finally {
    if (--running === 0) Error.stackTraceLimit = usual;
  }
}
