export { tailLog } from "./logs";
export { stopRecorded } from "./offline";
export { askSupervisor, ensureSupervisor } from "./start";
