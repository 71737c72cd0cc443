// Lints openapi.yaml with Redocly's recommended rules and with its rules for examples; every problem is an error,
// except those listed here. A listed problem that no longer exists is an error, too.
import {createConfig, lint} from '@redocly/openapi-core';

const config = await createConfig({
  extends: ['recommended'],
  rules: {
    // The owner has yet to choose a licence.
    'info-license': 'off',
    'no-invalid-schema-examples': 'error',
    'no-invalid-parameter-examples': 'error',
  },
});

const EXCEPTIONS = {
  // The id of a task is a UUID, never "recover".
  'no-ambiguous-paths': ['/paths/~1api~1v1~1tasks~1recover~1{tombstone_id}'],
  // An upgrade to WebSocket succeeds with 101.
  'operation-2xx-response': ['/paths/~1api~1v1~1ws~1voice~1transcribe/get/responses'],
  // Errors of clients that ask for problem details, frames of the WebSocket, events of a stream, and webhooks: OpenAPI can
  // assign none of them to an operation without changing the types that generators derive for it.
  'no-unused-components': [
    'Problem',
    'VoiceAuth',
    'VoiceEndStream',
    'VoiceConnected',
    'VoiceTranscript',
    'VoiceComplete',
    'VoiceError',
    'ChatWords',
    'StreamPosition',
    'ChangeEvent',
    'StreamEnd',
    'WebhookMessage',
  ].map((schema) => `/components/schemas/${schema}`),
};

const expected = new Set(
  Object.entries(EXCEPTIONS).flatMap(([rule, pointers]) => pointers.map((pointer) => `${rule} #${pointer}`)),
);
const found = (await lint({ref: 'openapi.yaml', config})).map(({ruleId, message, location}) => ({
  place: `${ruleId} ${location[0]?.pointer ?? ''}`,
  message,
}));
const problems = found.filter(({place}) => !expected.has(place)).map(({place, message}) => `${place}: ${message}`);
for (const place of expected) {
  if (!found.some((problem) => problem.place === place)) {
    problems.push(`${place}: no longer needs an exception`);
  }
}
problems.forEach((problem) => console.error(problem));
process.exitCode = problems.length > 0 ? 1 : 0;
