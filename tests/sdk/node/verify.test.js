'use strict';
// Verify v2 and the Content API with the unmodified Twilio SDK for Node. tests/sdk/test_verify_node.py starts the gateway and passes: CELLPOST_URL,
// CELLPOST_ACCOUNT, CELLPOST_TOKEN, CELLPOST_FROM, CELLPOST_PHONE (a web address that gives the nth text to a number: ?to=&n=).
const test = require('node:test');
const assert = require('node:assert');
const twilio = require('twilio');

const { CELLPOST_URL: base, CELLPOST_ACCOUNT: account, CELLPOST_TOKEN: token, CELLPOST_FROM: from, CELLPOST_PHONE: phone } = process.env;
const client = twilio(account, token);
client.api.baseUrl = client.verify.baseUrl = client.content.baseUrl = base;

async function text(to, n = 1) {
  const answer = await fetch(`${phone}?${new URLSearchParams({ to, n })}`);
  assert.strictEqual(answer.status, 200);
  return answer.text();
}
const refused = (promise, status, code) => assert.rejects(promise, (error) => error.status === status && error.code === code);

test('verify: a code is sent and approved', async () => {
  const to = '+41796660001';
  const service = await client.verify.v2.services.create({ friendlyName: 'Acme', codeLength: 5 });
  assert.match(service.sid, /^VA/);
  const sent = await client.verify.v2.services(service.sid).verifications.create({ to, channel: 'sms' });
  assert.strictEqual(sent.status, 'pending');
  assert.ok(sent.dateCreated instanceof Date && sent.sendCodeAttempts.length === 1);
  const code = (await text(to)).match(/(\d{5})$/)[1];
  const wrong = await client.verify.v2.services(service.sid).verificationChecks.create({ to, code: code === '00000' ? '11111' : '00000' });
  assert.deepStrictEqual([wrong.status, wrong.valid], ['pending', false]);
  const right = await client.verify.v2.services(service.sid).verificationChecks.create({ to, code });
  assert.deepStrictEqual([right.status, right.valid, right.sid], ['approved', true, sent.sid]);
  await refused(client.verify.v2.services(service.sid).verificationChecks.create({ to, code }), 404, 20404);
});

test('verify: sent again it is the same code, five times', async () => {
  const to = '+41796660002';
  const service = await client.verify.v2.services.create({ friendlyName: 'Acme' });
  const verifications = client.verify.v2.services(service.sid).verifications;
  for (let n = 0; n < 5; n++) await verifications.create({ to, channel: 'sms' });
  await refused(verifications.create({ to, channel: 'sms' }), 429, 60203);
  assert.strictEqual(await text(to, 5), await text(to, 1));
  const canceled = await verifications(to).update({ status: 'canceled' });
  assert.strictEqual(canceled.status, 'canceled');
});

test('verify: services page and go', async () => {
  for (let n = 0; n < 5; n++) await client.verify.v2.services.create({ friendlyName: `s${n}` });
  const names = (await client.verify.v2.services.list({ pageSize: 2, limit: 5 })).map((s) => s.friendlyName);
  assert.deepStrictEqual(names, ['s4', 's3', 's2', 's1', 's0']);
  const [last] = await client.verify.v2.services.list({ limit: 1 });
  assert.strictEqual(await client.verify.v2.services(last.sid).remove(), true);
  await refused(client.verify.v2.services(last.sid).fetch(), 404, 20404);
});

test('content: a template becomes a message', async () => {
  const to = '+41796660003';
  const content = await client.content.v1.contents.create({
    friendly_name: 'order', language: 'en', variables: { 1: 'friend' },
    types: { 'twilio/text': { body: 'Hi {{1}}, order {{order}} is ready' } } });
  assert.match(content.sid, /^HX/);
  assert.ok(content.dateCreated instanceof Date);
  assert.strictEqual((await client.content.v1.contents(content.sid).fetch()).types['twilio/text'].body, 'Hi {{1}}, order {{order}} is ready');
  assert.strictEqual((await client.content.v1.contents(content.sid).approvalFetch().fetch()).whatsapp.status, 'unsubmitted');
  const message = await client.messages.create({ to, from, contentSid: content.sid, contentVariables: JSON.stringify({ order: '7' }) });
  assert.strictEqual(message.body, 'Hi friend, order 7 is ready');
  assert.strictEqual(await text(to), 'Hi friend, order 7 is ready');
  await refused(client.messages.create({ to, from, contentSid: content.sid }), 400, 21656);
  await refused(client.messages.create({ to, from, body: 'x', contentVariables: '{}' }), 400, 21654);
  assert.strictEqual(await client.content.v1.contents(content.sid).remove(), true);
  await refused(client.messages.create({ to, from, contentSid: content.sid, contentVariables: '{"order":"7"}' }), 400, 21655);
});

test('content: templates page', async () => {
  for (let n = 0; n < 5; n++)
    await client.content.v1.contents.create({ friendly_name: `t${n}`, language: 'en', types: { 'twilio/text': { body: 'x' } } });
  const names = (await client.content.v1.contents.list({ pageSize: 2, limit: 5 })).map((c) => c.friendlyName);
  assert.deepStrictEqual(names, ['t4', 't3', 't2', 't1', 't0']);
  await refused(client.content.v1.contents.create({ language: 'en', types: { 'twilio/media': { media: ['https://x/y'] } } }), 400, 20001);
});
