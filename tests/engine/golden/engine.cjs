"use strict";
// The embedded engine, from dist, for `record.cjs` and `scenario.cjs`: node record.cjs tests/engine/golden/engine.cjs …
const { embeddedEngine } = require("../../../dist/engine");

module.exports = { pulumiCommand: (providers) => embeddedEngine({ providers }) };
