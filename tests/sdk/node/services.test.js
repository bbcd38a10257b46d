'use strict';
// The unmodified Twilio SDK for Node: messaging services over the API. tests/sdk/test_services.py starts the gateway and passes CELLPOST_URL,
// CELLPOST_ACCOUNT, CELLPOST_TOKEN, CELLPOST_SERVICE (one of the configuration), CELLPOST_FROM (a line).
const test = require('node:test');
const assert = require('node:assert');
const twilio = require('twilio');
const { DEADLINE_MS } = require('./deadline');

const { CELLPOST_URL: base, CELLPOST_ACCOUNT: account, CELLPOST_TOKEN: token, CELLPOST_SERVICE: configured, CELLPOST_FROM: from } = process.env;
const client = twilio(account, token);
client.api.baseUrl = client.messaging.baseUrl = base;
const services = client.messaging.v1.services;

const refused = (promise, status, code) => assert.rejects(promise, (error) => error.status === status && error.code === code);

test('a service: create, update, fetch, delete', async () => {
  const made = await services.create({ friendlyName: 'Node', inboundRequestUrl: 'https://a.test/in', stickySender: false });
  assert.match(made.sid, /^MG/);
  assert.strictEqual(made.inboundRequestUrl, 'https://a.test/in');
  assert.strictEqual(made.stickySender, false);
  assert.ok(made.dateCreated instanceof Date && !Number.isNaN(made.dateCreated.getTime()));
  assert.strictEqual(made.links.phone_numbers, `${base}/v1/Services/${made.sid}/PhoneNumbers`);
  assert.strictEqual((await services(made.sid).update({ validityPeriod: 60 })).validityPeriod, 60);
  assert.strictEqual((await services(made.sid).fetch()).friendlyName, 'Node');
  assert.strictEqual(await services(made.sid).remove(), true);
  await refused(services(made.sid).fetch(), 404, 20404);
  await refused(services(configured).remove(), 409, 20409);
});

test('a list of several pages leads back here', async () => {
  const made = [];
  for (let n = 0; n < 5; n++) made.push((await services.create({ friendlyName: `page ${n}` })).sid);
  const listed = (await services.list({ pageSize: 2 })).map((s) => s.sid);
  assert.deepStrictEqual(listed.slice(0, 5), made.reverse());
  for (const sid of made) await services(sid).remove();
});

test('its numbers, and a message through it', async () => {
  const made = await services.create({ friendlyName: 'Node' });
  const [number] = await client.incomingPhoneNumbers.list({ phoneNumber: from });
  const added = await services(made.sid).phoneNumbers.create({ phoneNumberSid: number.sid });
  assert.strictEqual(added.phoneNumber, from);
  await refused(services(made.sid).phoneNumbers.create({ phoneNumberSid: number.sid }), 409, 21710);
  assert.strictEqual((await services(made.sid).alphaSenders.create({ alphaSender: 'Acme' })).alphaSender, 'Acme');
  const message = await client.messages.create({ to: '+41791119301', messagingServiceSid: made.sid, body: 'Node' });
  assert.strictEqual(message.status, 'accepted');
  const deadline = Date.now() + DEADLINE_MS;
  let now;
  do now = await client.messages(message.sid).fetch();
  while (now.status !== 'delivered' && Date.now() < deadline);
  assert.strictEqual(now.from, from);
  assert.strictEqual(await services(made.sid).phoneNumbers(number.sid).remove(), true);
  assert.strictEqual(await services(made.sid).remove(), true);
});
