/** From measurements to `demo-report.json`, `demo-report.html` and the picture in the README. */
export { renderPage } from "./page";
export { renderPicture } from "./picture";
export {
  completeReport,
  type Findings,
  type Outcome,
  type Release,
  type Report,
  reportSchema,
} from "./schema";
export { timelineOf } from "./timeline";
