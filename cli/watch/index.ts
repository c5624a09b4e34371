/** What a command shows while its work is under way, in each of the three modes; and what Ctrl-C does meanwhile. */
export { putBackFirst, watchedRelease } from "./release";
export { watched } from "./watched";
