export { tailLog } from "./logs";
export { stopRecorded, withoutSupervisor } from "./offline";
export { askSupervisor, ensureSupervisor } from "./start";
