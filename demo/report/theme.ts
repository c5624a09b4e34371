/** Colours of the page and the picture, light and dark. Versions keep their colour in every panel. */
const light = {
  ground: "#ffffff",
  panel: "#f7f8fa",
  ink: "#1c2128",
  muted: "#5f6875",
  grid: "#e4e7ec",
  good: "#1a7f4b",
  bad: "#d1343a",
  version0: "#5b8def",
  version1: "#1fa596",
  version2: "#8f72d8",
  version3: "#c96a9c",
  suspect: "#e0a030",
  quiet: "#b9c1cc",
  work: "#7d8aa0",
  shift: "#1c2128",
  bake: "#d5dbe4",
};
const dark: typeof light = {
  ground: "#12161c",
  panel: "#1a2029",
  ink: "#e8ecf2",
  muted: "#98a2b1",
  grid: "#2a323d",
  good: "#45c987",
  bad: "#f0656a",
  version0: "#5f8fea",
  version1: "#26a99a",
  version2: "#9279d9",
  version3: "#cb76a4",
  suspect: "#dba23c",
  quiet: "#5a6575",
  work: "#8593a8",
  shift: "#f2f5f9",
  bake: "#39434f",
};
export type Colour = keyof typeof light;

export const colour = (name: Colour) => `var(--${name})`;

/** CSS variables for `selector`, following the reader's own preference. */
export function themeCss(selector: string): string {
  const variables = (colours: typeof light) =>
    Object.entries(colours)
      .map(([name, value]) => `--${name}:${value}`)
      .join(";");
  return `${selector}{${variables(light)}}@media (prefers-color-scheme:dark){${selector}{${variables(dark)}}}`;
}

const series: Colour[] = ["version0", "version1", "version2", "version3"];

/** A colour for each version: versions that went wrong share one, so that they stand out from those that did well. */
export function versionColours(versions: string[], suspects: Set<string>): Record<string, Colour> {
  const good = versions.filter((version) => !suspects.has(version));
  return Object.fromEntries([
    ...good.map((version, i) => [version, series[i % series.length] as Colour] as const),
    ...[...suspects].map((version) => [version, "suspect"] as const),
  ]);
}
