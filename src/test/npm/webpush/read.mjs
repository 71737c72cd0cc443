// Verifies the tokens of push messages with jose and decrypts their payloads with http_ece. Standard input: a JSON array of {body, privateKey, publicKey, auth, authorization, audience,
// now}, bytes in base64url, now in seconds. Standard output: an array of {text, claims}.
import { createECDH } from 'node:crypto';
import ece from 'http_ece';
import { importJWK, jwtVerify } from 'jose';

const bytes = (text) => Buffer.from(text, 'base64url');

async function read(message) {
  const browser = createECDH('prime256v1');
  browser.setPrivateKey(bytes(message.privateKey));
  if (!browser.getPublicKey().equals(bytes(message.publicKey))) {
    throw new Error('the browser has another key');
  }
  const text = ece
    .decrypt(bytes(message.body), {
      version: 'aes128gcm',
      privateKey: browser,
      authSecret: message.auth,
    })
    .toString('utf8');

  const [, token, key] = /^vapid t=([^,]+), ?k=(\S+)$/.exec(message.authorization);
  const point = bytes(key);
  const publicKey = await importJWK(
    {
      kty: 'EC',
      crv: 'P-256',
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
    'ES256',
  );
  const { payload } = await jwtVerify(token, publicKey, {
    algorithms: ['ES256'],
    audience: message.audience,
    currentDate: new Date(message.now * 1000),
    requiredClaims: ['aud', 'exp', 'sub'],
  });
  return { text, claims: payload };
}

let input = '';
for await (const chunk of process.stdin) {
  input += chunk;
}
console.log(JSON.stringify(await Promise.all(JSON.parse(input).map(read))));
