export { mysqlProbe } from "./mysql";
export { postgresProbe } from "./postgres";
export { redisProbe } from "./redis";
export { sqliteProbe } from "./sqlite";
