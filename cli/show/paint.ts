/** Colour is a means beside the words, never instead of them: everything reads the same without it. */
export type Style = "green" | "red" | "yellow" | "cyan" | "dim" | "bold";
export type Paint = (style: Style, text: string) => string;
export const unpainted: Paint = (_style, text) => text;
