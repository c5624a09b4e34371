/** The little SVG that the picture needs. Text from outside is escaped here and nowhere else. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign] ?? sign);
}

type Attributes = Record<string, string | number | undefined>;

export function element(name: string, attributes: Attributes, ...children: string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeText(typeof value === "number" ? short(value) : String(value))}"`)
    .join("");
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join("")}</${name}>`;
}

/** A number in a picture: a tenth of a pixel is fine enough. */
export function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export const text = (x: number, y: number, content: string, attributes: Attributes = {}) =>
  element("text", { x, y, ...attributes }, escapeText(content));

export const line = (x1: number, y1: number, x2: number, y2: number, attributes: Attributes) =>
  element("line", { x1, y1, x2, y2, ...attributes });

export type Point = readonly [x: number, y: number];

const join = (points: readonly Point[]) => points.map(([x, y]) => `${short(x)},${short(y)}`).join("L");

/** A line through the points, broken where a point is missing. */
export function polyline(points: readonly (Point | null)[], attributes: Attributes): string {
  const parts: Point[][] = [[]];
  for (const point of points) {
    if (point) parts.at(-1)?.push(point);
    else parts.push([]);
  }
  const d = parts
    .filter((part) => part.length > 1)
    .map((part) => `M${join(part)}`)
    .join("");
  return d === "" ? "" : element("path", { d, fill: "none", ...attributes });
}

/** The area between two lines over the same x. */
export function area(upper: readonly Point[], lower: readonly Point[], attributes: Attributes): string {
  return element("path", { d: `M${join(upper)}L${join([...lower].reverse())}Z`, ...attributes });
}
