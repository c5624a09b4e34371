export { LocalProvider } from "./provider";
export * from "./resources";
