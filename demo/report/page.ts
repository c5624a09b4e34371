/** `demo-report.html`: one page without anything from outside, readable at a glance, light or dark. */
import { renderPicture } from "./picture";
import type { DemoPromise, Release, Report } from "./schema";
import { escapeText as safe } from "./svg";
import { themeCss } from "./theme";

const css = `
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans","DejaVu Sans",sans-serif}
main{max-width:1264px;margin:0 auto;padding:36px 32px 64px}
header{display:flex;gap:24px;align-items:flex-start;justify-content:space-between;margin-bottom:24px}
h1{font-size:27px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:18px;margin:44px 0 12px}
p{margin:0;color:var(--muted);max-width:95ch}
.verdict{flex:none;font-weight:700;padding:7px 16px;border-radius:99px;color:var(--ground);background:var(--good)}
.verdict.broken{background:var(--bad)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(165px,1fr));gap:12px;margin:0 0 30px}
.tile{background:var(--panel);border-radius:10px;padding:14px 16px}
.tile b{display:block;font-size:25px;line-height:1.2;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
.tile span{color:var(--muted);font-size:13px}
figure{margin:0;overflow-x:auto}
figure svg{display:block;min-width:860px;width:100%;height:auto}
.key{display:flex;flex-wrap:wrap;gap:6px 20px;color:var(--muted);font-size:13px;margin-top:10px}
.key i{display:inline-block;width:14px;height:10px;border-radius:2px;margin-right:7px;border:1px solid var(--work)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px}
th{text-align:left;font-weight:600;color:var(--muted);font-size:13px;padding:6px 12px 6px 0;border-bottom:1px solid var(--grid)}
td{padding:9px 12px 9px 0;border-bottom:1px solid var(--grid);vertical-align:middle}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td small{display:block;color:var(--muted);font-size:12.5px}
code{font:12.5px ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace}
.phases{display:flex;height:16px;min-width:280px;border-radius:3px;overflow:hidden}
.phases i{display:block;min-width:2px;background:var(--quiet)}
.phases .stage,.phases .verify{background:var(--work)}
.phases .shift{background:var(--shift)}.phases .bake{background:var(--bake)}.phases .roll-back{background:var(--bad)}
.wrong{color:var(--bad);font-weight:600}
ul{list-style:none;padding:0;margin:0;display:grid;grid-template-columns:repeat(auto-fit,minmax(440px,1fr));gap:0 40px}
li{display:grid;grid-template-columns:26px minmax(0,1fr);padding:7px 0;border-bottom:1px solid var(--grid)}
li b{color:var(--good)}li.broken b{color:var(--bad)}
li span{color:var(--muted);font-size:13.5px}
@media(max-width:700px){ul{grid-template-columns:1fr}main{padding:20px 16px}header{flex-direction:column-reverse;gap:12px}}
`;

export function renderPage(report: Report): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Switchyard: two teams release side by side</title>
<style>${themeCss(":root")}${css}</style>
</head>
<body><main>
<header>
<div><h1>Two teams release side by side, and no request is dropped</h1>
<p>${safe(subtitle(report))}</p></div>
<div class="verdict${report.passed ? "" : " broken"}">${report.passed ? "All promises kept" : "A promise was broken"}</div>
</header>
<div class="tiles">${tiles(report)}</div>
<figure>${renderPicture(report)}</figure>
<div class="key">${key}</div>
<h2>Releases</h2>
<div class="scroll"><table>
<tr><th>Team</th><th>Version</th><th>What is shown</th><th>Outcome</th><th>Phases, ${safe(scaleOf(report))}</th><th class="number">Switch</th><th class="number">Rollback</th></tr>
${report.releases.map((release) => row(release, longest(report))).join("\n")}
</table></div>
<h2>Promises</h2>
<ul>${report.promises.map(promise).join("\n")}</ul>
<h2>How it was measured</h2>
<p>${safe(method)}</p>
</main></body>
</html>
`;
}

const method =
  "The load generator is a process of its own outside everything that is measured. It sends at a fixed rate whether or not earlier requests were answered, and latency counts from when the schedule wanted the request sent. " +
  "Failed is refused, reset, timed out, or a 502, 503 or 504 of the load balancer. Bad is a 5xx of a version, or an answer slower than the team's latency limit. " +
  "Switch is from the start of the switch to the last request on the old slot; rollback is from the first bad answer to the last request on the bad slot, detection included.";

const key = [
  ["bake", "bake: the watch after the switch"],
  ["shift", "shift: traffic moves"],
  ["work", "stage and verify"],
  ["quiet", "plan, admit, settle"],
  ["bad", "roll back, bad answers"],
]
  .map(([name, said]) => `<span><i style="background:var(--${name})"></i>${said}</span>`)
  .join("");

function subtitle({ load, engine, seed, startedAt }: Report): string {
  const rate = `${load.requestsPerSecond} requests/s and ${load.webSockets} WebSockets`;
  return `${rate} through the load balancer for ${(load.durationMs / 1_000).toFixed(0)} seconds. Engine: ${engine}. Seed: ${seed}. ${startedAt.slice(0, 16).replace("T", " ")} UTC.`;
}

function tiles({ requests, webSockets, releases }: Report): string {
  const number = (value: number) => value.toLocaleString("en");
  const times = (pick: (release: Release) => number | null) =>
    releases.flatMap((release) => pick(release) ?? []).sort((a, b) => a - b);
  const switches = times((release) => release.switchMs);
  const rollbacks = times((release) => release.rollbackMs);
  const ms = (value: number | undefined) => (value === undefined ? "none" : `${Math.round(value)} ms`);
  const all: [string, string][] = [
    [number(requests.total), "requests answered"],
    [number(requests.failed), "failed"],
    [`${number(webSockets.cut)} of ${number(webSockets.opened)}`, "WebSockets cut"],
    [String(releases.length), `releases, ${releases.flatMap((release) => release.kills).length} drivers killed`],
    [ms(switches[Math.floor(switches.length / 2)]), "median switch"],
    [ms(rollbacks.at(-1)), `slowest rollback; ${number(requests.fromBadVersion)} wrong answers until then`],
  ];
  return all.map(([value, said]) => `<div class="tile"><b>${safe(value)}</b><span>${safe(said)}</span></div>`).join("");
}

const lengthOf = (release: Release) => release.phases.reduce((sum, phase) => sum + phase.ms, 0);
const longest = (report: Report) => Math.max(1, ...report.releases.map(lengthOf));
const scaleOf = (report: Report) => `full width ${(longest(report) / 1_000).toFixed(1)} s`;

function row(release: Release, full: number): string {
  const ms = (value: number | null) => (value === null ? "" : `${Math.round(value)} ms`);
  const bars = release.phases.map((phase) => {
    const said = `${phase.name} ${Math.round(phase.ms)} ms`;
    return `<i class="${safe(phase.name)}" style="width:${((phase.ms / full) * 100).toFixed(2)}%" title="${safe(said)}"></i>`;
  });
  const kills = release.kills
    .map((kill) => `<small>driver killed in ${safe(kill.phase)}, ${kill.weights} the weights</small>`)
    .join("");
  const asExpected = release.outcome === release.expected;
  const outcome = asExpected
    ? safe(release.outcome)
    : `<span class="wrong">${safe(`${release.outcome}, expected ${release.expected}`)}</span>`;
  return `<tr><td>${safe(release.team)}</td><td>${safe(release.label)}<small><code>${safe(release.version.slice(0, 12))}</code></small></td><td>${safe(release.story)}${kills}</td><td>${outcome}</td><td><div class="phases">${bars.join("")}</div><small>${(lengthOf(release) / 1_000).toFixed(2)} s</small></td><td class="number">${ms(release.switchMs)}</td><td class="number">${ms(release.rollbackMs)}</td></tr>`;
}

function promise({ promise: said, kept, found }: DemoPromise): string {
  return `<li class="${kept ? "" : "broken"}"><b>${kept ? "✓" : "✗"}</b><div>${safe(said)}<br><span>${safe(found)}</span></div></li>`;
}
