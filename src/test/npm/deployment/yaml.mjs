// Prints a YAML file as JSON, with its aliases and merge keys resolved.
import { readFileSync } from "node:fs";
import { parse } from "yaml";

console.log(JSON.stringify(parse(readFileSync(process.argv[2], "utf8"), { merge: true })));
