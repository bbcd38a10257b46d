// The unmodified Node SDK against a gateway with a simulated line; run by ../test_simulate.py.
'use strict';
const test = require('node:test');
const assert = require('node:assert');
const twilio = require('twilio');
const { DEADLINE_MS } = require('./deadline');

const { CELLPOST_URL, CELLPOST_ACCOUNT, CELLPOST_TOKEN, CELLPOST_TEST_ACCOUNT, CELLPOST_TEST_TOKEN } = process.env;

function clientOf(account, token) {
  const client = twilio(account, token);
  client.api.baseUrl = CELLPOST_URL;
  return client;
}

const client = clientOf(CELLPOST_ACCOUNT, CELLPOST_TOKEN);
const pretend = clientOf(CELLPOST_TEST_ACCOUNT, CELLPOST_TEST_TOKEN);

async function settled(to) {
  const { sid } = await client.messages.create({ from: '+41790000001', to, body: 'Hello' });
  for (;;) {
    const message = await client.messages(sid).fetch();
    if (!['queued', 'sending', 'sent'].includes(message.status)) return message;
  }
}

test('delivered without a rule', { timeout: DEADLINE_MS }, async () => {
  assert.equal((await settled('+41791112233')).status, 'delivered');
});

test('rejected by a rule', { timeout: DEADLINE_MS }, async () => {
  const message = await settled('+41799990000');
  assert.deepEqual([message.status, message.errorCode], ['failed', 30007]);
});

test('undelivered by a rule', { timeout: DEADLINE_MS }, async () => {
  const message = await settled('+41791110000');
  assert.deepEqual([message.status, message.errorCode], ['undelivered', 30003]);
});

test('test credentials pretend', async () => {
  const message = await pretend.messages.create({ from: '+15005550006', to: '+41791112233', body: 'Hello' });
  assert.equal(message.status, 'queued');
  const number = await pretend.incomingPhoneNumbers.create({ areaCode: '500' });
  assert.equal(number.phoneNumber, '+15005550006');
  const call = await pretend.calls.create({ from: '+15005550006', to: '+41791112233', url: 'http://app.example/twiml' });
  assert.equal(call.status, 'queued');
});

test('magic numbers', async () => {
  const refused = (parameters, code) =>
    assert.rejects(pretend.messages.create({ body: 'Hello', ...parameters }), (error) => error.status === 400 && error.code === code);
  await refused({ from: '+15005550006', to: '+15005550004' }, 21610);
  await refused({ from: '+15005550001', to: '+41791112233' }, 21212);
  await assert.rejects(pretend.messages.list({ limit: 1 }), (error) => error.status === 403 && error.code === 20008);
});
