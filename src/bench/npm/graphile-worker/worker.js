// A worker process of ./bench: runs empty jobs and records their keys. For each line on standard input
// it prints the keys since the previous line, one per line, and then the line itself.
"use strict";
const readline = require("node:readline");
const { Logger, run } = require("graphile-worker");

const [, , connectionString, concurrency, prefetched] = process.argv;
let ran = [];

const quiet = new Logger(() => () => {});

async function main() {
  const runner = await run({
    connectionString,
    logger: quiet,
    noHandleSignals: true,
    crontab: "",
    taskList: {
      bench: ({ n }) => {
        ran.push(n);
      },
    },
    preset: {
      worker: {
        concurrentJobs: Number(concurrency),
        maxPoolSize: Number(concurrency) + 2,
        pollInterval: 100,
        localQueue: { size: Number(prefetched) },
      },
    },
  });
  console.log("ready");
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const keys = ran;
    ran = [];
    console.log(keys.concat(line).join("\n"));
  }
  await runner.stop();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
