import { requestTotals, socketTotals } from "../../demo/measure";
import { completeReport, renderPage, renderPicture, reportSchema } from "../../demo/report";
import { drains, goodRecording, goodReport, startedAt } from "./story";

const agreed = { weightsThatDiffer: [], processesLeft: [] };
const broken = (report: ReturnType<typeof completeReport>) =>
  report.promises.filter((one) => !one.kept).map((one) => one.promise);

describe("the demo's report", () => {
  test("a good run keeps every promise, and says what was measured", () => {
    const report = completeReport(goodReport(), agreed);
    expect(broken(report)).toEqual([]);
    expect(report.passed).toBe(true);
    expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    expect(report.requests.total).toBe(34_100);
    expect(report.requests.fromBadVersion).toBeGreaterThan(100);
    expect(report.releases.find((release) => release.outcome === "rolled-back")?.rollbackMs).toBeCloseTo(416, -1);
  });

  test("one failed request breaks its promise", () => {
    const recording = goodRecording();
    const [first] = recording.answers;
    if (first) Object.assign(first, { failure: "reset", status: 0 });
    expect(broken(completeReport(goodReport(recording), agreed))).toEqual(["No request failed"]);
  });

  test("a 500 of the version that turned bad counts apart; one of a good version does not", () => {
    const recording = goodRecording();
    const good = recording.answers.find((answer) => answer.version === "v2");
    if (good) good.status = 500;
    const totals = requestTotals(
      recording.answers,
      [{ team: "realtime-collaboration", version: "v3-turns-bad" }],
      () => 1_000,
    );
    expect(totals.wrong).toBe(1);
    expect(totals.failed).toBe(0);
  });

  test("a WebSocket ended before its slot's drain deadline is cut, whatever the close code", () => {
    const base = { socket: 1, event: "closed" as const, slot: "slot-1", version: "v1", own: false };
    const early = { ...base, at: startedAt + 10_000, code: 1001 };
    const abnormal = { ...base, at: startedAt + 13_000, code: 1006 };
    const drained = { ...base, at: startedAt + 13_000, code: 1001 };
    const stillLive = { ...base, at: startedAt + 3_000, code: 1001 };
    expect(socketTotals([early, abnormal, drained, stillLive], drains)).toMatchObject({ cut: 3, drained: 1 });
  });

  test("a release that ends otherwise than it should, weights that differ and a process left behind are broken promises", () => {
    const report = goodReport();
    const [first] = report.releases;
    if (first) first.outcome = "halted";
    const findings = {
      weightsThatDiffer: ["ai-workflow: 0/100 in the state, 100/0 at the load balancer"],
      processesLeft: ["4711 node"],
    };
    expect(broken(completeReport(report, findings))).toEqual([
      "Each release ended as it should",
      "The load balancer's weights are what the state says",
      "No process is left behind",
    ]);
  });

  test("the page needs nothing from outside, and what came from outside cannot become markup", () => {
    const report = goodReport();
    const [first] = report.releases;
    if (first) first.story = '<img src="http://elsewhere/x">';
    const page = renderPage(completeReport(report, agreed));
    expect(page).not.toMatch(/(src|href)="?http|@import|url\(/);
    expect(page).toContain("&lt;img src=");
    expect(page).not.toContain("<img");
  });

  test("the picture is drawn from the report alone, the same each time", () => {
    const report = completeReport(goodReport(), agreed);
    const read = reportSchema.parse(JSON.parse(JSON.stringify(report)));
    expect(renderPicture(read)).toBe(renderPicture(report));
  });
});
