// Verifies webhooks with the reference implementation of Standard Webhooks. Standard input: a JSON array of {secret, now, id, timestamp, signature, body},
// now in seconds. Standard output: an array of the verified payloads, or of the messages of the errors.
import { Webhook } from 'standardwebhooks';

function verify({ secret, now, id, timestamp, signature, body }) {
  // The library compares the timestamp with the time.
  Date.now = () => now * 1000;
  try {
    return new Webhook(secret).verify(body, {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signature,
    });
  } catch (error) {
    return error.message;
  }
}

let input = '';
for await (const part of process.stdin) {
  input += part;
}
process.stdout.write(JSON.stringify(JSON.parse(input).map(verify)));
