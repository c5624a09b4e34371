"use strict";
// What the Pulumi CLI runs as the plugin `switchyard-local`. Plain JavaScript, so that nothing is compiled at each operation.
require("../../../dist/local/provider/main.js");
