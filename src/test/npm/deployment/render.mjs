// Prints the resources of the compiled Railway project in an environment, as JSON.
import { createRailwayContext, project } from "railway/iac";
import program from "./compiled/railway.js";

const context = createRailwayContext({ command: "plan", environment: process.argv[2] });
console.log(JSON.stringify(await program(context, project)));
