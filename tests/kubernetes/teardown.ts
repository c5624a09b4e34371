import { end } from "./shared";

export default end;
