// Lints openapi.yaml with Redocly's recommended rules; prints its errors and exits with 1 if there are any.
import {createConfig, lint} from '@redocly/openapi-core';

const config = await createConfig({extends: ['recommended']});
const problems = await lint({ref: 'openapi.yaml', config});
const errors = problems.filter((problem) => problem.severity === 'error');
for (const {ruleId, message, location} of errors) {
  console.error(`${location[0]?.pointer ?? ''} ${ruleId}: ${message}`);
}
process.exitCode = errors.length > 0 ? 1 : 0;
