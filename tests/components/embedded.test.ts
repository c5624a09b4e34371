import { stacksKeepTheirPromises } from "./scenario";

describe("on the embedded engine", () => stacksKeepTheirPromises("embedded"));
