'use strict';
// The unmodified Twilio SDK for Node against a running cellpostd. tests/sdk/test_node.py starts the gateway and the simulator and passes:
// CELLPOST_URL, CELLPOST_ACCOUNT, CELLPOST_TOKEN, CELLPOST_SERVICE, CELLPOST_FROM, CELLPOST_DOWN (a line off the network), CELLPOST_INJECT (a
// web address that puts an SMS on the air: ?from=&text=).
const test = require('node:test');
const assert = require('node:assert');
const http = require('node:http');
const { once, EventEmitter } = require('node:events');
const twilio = require('twilio');
const { DEADLINE_MS } = require('./deadline');

const { CELLPOST_URL: base, CELLPOST_ACCOUNT: account, CELLPOST_TOKEN: token, CELLPOST_SERVICE: service,
        CELLPOST_FROM: from, CELLPOST_DOWN: down, CELLPOST_INJECT: inject } = process.env;
const to = '+41792223344';

function connect(user = account, password = token, options = {}) {
  const client = twilio(user, password, options);
  client.api.baseUrl = client.messaging.baseUrl = client.lookups.baseUrl = base;
  return client;
}
const client = connect();

// ---- the application's web server ----

const seen = new EventEmitter();
const requests = [];
const answers = new Map();
let port;
const server = http.createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const form = Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString()));
    requests.push({ path: request.url, headers: request.headers, form });
    const [status, text, type] = answers.get(request.url) ?? [200, '', 'text/xml'];
    response.writeHead(status, { 'Content-Type': type }).end(text);
    seen.emit('request');
  });
});
const url = (path) => `http://127.0.0.1:${port}${path}`;

async function webhooks(match, count = 1) {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  for (;;) {
    const found = requests.filter(match);
    if (found.length >= count) return found;
    await once(seen, 'request', { signal });
  }
}

// State that only the API shows: asked again until a deadline, each time only when the last answer has come.
async function status(sid, wanted) {
  const deadline = Date.now() + DEADLINE_MS;
  let message;
  do {
    message = await client.messages(sid).fetch();
    if (message.status === wanted) return message;
  } while (Date.now() < deadline);
  assert.fail(`${sid} is ${message.status}, not ${wanted}`);
}

async function refused(promise, http_status, code) {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof twilio.RestException || error.constructor.name === 'RestException', error.stack);
    assert.strictEqual(error.status, http_status);
    assert.strictEqual(error.code, code);
    assert.ok(error.message && error.moreInfo);
    return true;
  });
}

async function onAir(sender, text) {
  const answer = await fetch(`${inject}?${new URLSearchParams({ from: sender, text })}`);
  assert.strictEqual(answer.status, 200);
}

async function line() {
  const [number] = await client.incomingPhoneNumbers.list({ phoneNumber: from });
  return number;
}

test.before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = server.address().port;
});
test.after(() => server.close());

test('create holds every field', async () => {
  const message = await client.messages.create({ to, from, body: 'Hello from Node' });
  assert.match(message.sid, /^SM[0-9a-f]{32}$/);
  assert.strictEqual(message.status, 'queued');
  assert.strictEqual(message.direction, 'outbound-api');
  assert.strictEqual(message.numSegments, '1');
  assert.strictEqual(message.numMedia, '0');
  assert.strictEqual(message.body, 'Hello from Node');
  assert.strictEqual(message.errorCode, null);
  assert.strictEqual(message.dateSent, null);
  assert.ok(message.dateCreated instanceof Date && !Number.isNaN(message.dateCreated.getTime()));
  assert.strictEqual(message.price, null);
  assert.strictEqual(message.priceUnit, null);
});

test('delivered by fetch, then listed', async () => {
  const { sid } = await client.messages.create({ to: '+41796660001', from, body: 'deliver' });
  const message = await status(sid, 'delivered');
  assert.ok(message.dateSent instanceof Date);
  const listed = await client.messages.list({ to: '+41796660001' });
  assert.deepStrictEqual(listed.map((m) => m.sid), [sid]);
});

test('service answers accepted', async () => {
  const message = await client.messages.create({ to, messagingServiceSid: service, body: 'pool' });
  assert.strictEqual(message.status, 'accepted');
  assert.strictEqual(message.from, null);
  assert.strictEqual(message.messagingServiceSid, service);
  assert.ok((await status(message.sid, 'delivered')).from);
});

test('paging walks all, each once', async () => {
  const number = '+41796660002';
  const made = [];
  for (let n = 0; n < 5; n++) made.push((await client.messages.create({ to: number, from, body: `n ${n}` })).sid);
  const walked = [];
  await new Promise((resolve, reject) => client.messages.each(
    { to: number, pageSize: 2, callback: (m) => walked.push(m.sid), done: (error) => (error ? reject(error) : resolve()) }));
  assert.deepStrictEqual(walked, made.reverse());
});

test('page, next page, previous page', async () => {
  const first = await client.messages.page({ to: '+41796660002', pageSize: 3 });
  assert.strictEqual(first.instances.length, 3);
  const second = await first.nextPage();
  assert.strictEqual(second.instances.length, 2);
  assert.strictEqual(await second.nextPage(), undefined);
  const back = await second.previousPage();
  assert.deepStrictEqual(back.instances.map((m) => m.sid), first.instances.map((m) => m.sid));
});

test('limit above the page size', async () => {
  assert.strictEqual((await client.messages.list({ to: '+41796660002', limit: 4, pageSize: 2 })).length, 4);
});

test('filter by date', async () => {
  const tomorrow = new Date(Date.now() + 86400000);
  const yesterday = new Date(Date.now() - 86400000);
  assert.strictEqual((await client.messages.list({ to: '+41796660001', dateSentAfter: tomorrow })).length, 0);
  assert.strictEqual((await client.messages.list({ to: '+41796660001', dateSentAfter: yesterday, dateSentBefore: tomorrow })).length, 1);
});

test('redact', async () => {
  const { sid } = await client.messages.create({ to, from, body: 'redact me' });
  await status(sid, 'delivered');
  assert.strictEqual((await client.messages(sid).update({ body: '' })).body, '');
});

test('cancel', async () => {
  const { sid } = await client.messages.create({ to, from: down, body: 'wait' });
  assert.strictEqual((await client.messages(sid).update({ status: 'canceled' })).status, 'canceled');
  await refused(client.messages(sid).update({ status: 'canceled' }), 409, 30409);
});

test('delete', async () => {
  const { sid } = await client.messages.create({ to, from, body: 'delete me' });
  await status(sid, 'delivered');
  assert.strictEqual(await client.messages(sid).remove(), true);
  await refused(client.messages(sid).fetch(), 404, 20404);
});

test('schedule and cancel', async () => {
  const sendAt = new Date(Date.now() + 3600000);
  const message = await client.messages.create({ to, messagingServiceSid: service, body: 'node later', scheduleType: 'fixed', sendAt });
  assert.strictEqual(message.status, 'scheduled');
  assert.strictEqual(message.from, null);
  assert.strictEqual((await client.messages(message.sid).update({ status: 'canceled' })).status, 'canceled');
  const soon = { to, messagingServiceSid: service, body: 'x', scheduleType: 'fixed', sendAt: new Date(Date.now() + 60000) };
  await assert.rejects(client.messages.create(soon), { code: 35114 });
});

test('feedback', async () => {
  const { sid } = await client.messages.create({ to, from, body: 'node feedback', provideFeedback: true });
  const feedback = await client.messages(sid).feedback.create({ outcome: 'unconfirmed' });
  assert.strictEqual(feedback.outcome, 'unconfirmed');
  assert.strictEqual(feedback.messageSid, sid);
  assert.ok((await client.messages(sid).fetch()).subresourceUris.feedback.endsWith(`${sid}/Feedback.json`));
});

test('media list', async () => {
  const { sid } = await client.messages.create({ to, from, body: 'plain' });
  assert.deepStrictEqual(await client.messages(sid).media.list(), []);
});

// The SDK has no argument for Tags and drops what it does not know.
test('tags are shown and harm no reader', async () => {
  const number = '+41796660010';
  const tags = { class: 'unheard-of', ward: '3 süd' };
  const uri = `${base}/2010-04-01/Accounts/${account}/Messages.json`;
  const answer = await client.request({
    method: 'POST', uri, headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    data: { To: number, From: from, Body: 'tagged', Tags: JSON.stringify(tags) } });
  assert.strictEqual(answer.statusCode, 201);
  assert.deepStrictEqual(answer.body.tags, tags);
  assert.strictEqual((await status(answer.body.sid, 'delivered')).body, 'tagged');
  assert.deepStrictEqual((await client.messages.list({ to: number })).map((m) => m.sid), [answer.body.sid]);
});

const refusals = [
  ['bad To', { to: 'abc', from, body: 'x' }, 21211],
  ['no sender', { to, body: 'x' }, 21603],
  ['foreign sender', { to, from: '+15005550006', body: 'x' }, 21606],
  ['empty body', { to, from, body: '' }, 21602],
  ['over 1600', { to, from, body: 'y'.repeat(1601) }, 21617],
  ['bad callback', { to, from, body: 'x', statusCallback: 'nope' }, 21609],
  ['bad validity', { to, from, body: 'x', validityPeriod: 36001 }, 21624],
];
for (const [name, form, code] of refusals)
  test(`refused: ${name}`, () => refused(client.messages.create(form), 400, code));

test('wrong token', () => refused(connect(account, '0'.repeat(32)).messages.list({ limit: 1 }), 401, 20003));

test('account fetch', async () => {
  const fetched = await client.api.v2010.accounts(account).fetch();
  assert.strictEqual(fetched.sid, account);
  assert.strictEqual(fetched.status, 'active');
});

test('lines: list, fetch, update', async () => {
  const number = await line();
  assert.strictEqual(number.phoneNumber, from);
  assert.strictEqual(number.capabilities.sms, true);
  const updated = await client.incomingPhoneNumbers(number.sid).update({ friendlyName: 'Ward 3' });
  assert.strictEqual(updated.friendlyName, 'Ward 3');
  assert.strictEqual((await client.incomingPhoneNumbers(number.sid).fetch()).friendlyName, 'Ward 3');
});

test('lookup', async () => {
  const found = await client.lookups.v2.phoneNumbers('+447772000001').fetch({ fields: 'line_type_intelligence' });
  assert.deepStrictEqual([found.valid, found.countryCode, found.nationalFormat], [true, 'GB', '07772 000001']);
  assert.deepStrictEqual(found.validationErrors, []);
  assert.strictEqual(found.lineTypeIntelligence.type, 'mobile');
  const none = await client.lookups.v2.phoneNumbers('+1415').fetch();
  assert.deepStrictEqual([none.valid, none.validationErrors], [false, ['TOO_SHORT']]);
});

test('application: create, update, list, remove', async () => {
  const made = await client.applications.create({ friendlyName: 'node', smsUrl: 'http://app.test/in' });
  const changed = await client.applications(made.sid).update({ smsMethod: 'GET' });
  assert.deepStrictEqual([changed.smsMethod, changed.smsUrl], ['GET', 'http://app.test/in']);
  assert.deepStrictEqual((await client.applications.list({ friendlyName: 'node' })).map((a) => a.sid), [made.sid]);
  assert.strictEqual(await client.applications(made.sid).remove(), true);
});

test('usage, balance, and lists of what is not there', async () => {
  assert.strictEqual((await client.usage.records.today.list({ category: 'sms' }))[0].category, 'sms');
  const [sms] = await client.usage.records.list({ category: 'sms' });
  assert.ok(Number(sms.count) > 0 && Number(sms.usage) >= Number(sms.count));
  assert.strictEqual((await client.balance.fetch()).balance, '0.00');
  assert.deepStrictEqual(await client.calls.list(), []);
  assert.deepStrictEqual(await client.usage.triggers.list(), []);
});

test('status callbacks: signed, in order', async () => {
  const callback = url('/status?tenant=7');
  const { sid } = await client.messages.create({ to, from, body: 'callbacks', statusCallback: callback });
  const calls = await webhooks((r) => r.form.MessageSid === sid, 2);
  assert.deepStrictEqual(calls.map((c) => c.form.MessageStatus), ['sent', 'delivered']);
  for (const call of calls) {
    assert.ok(twilio.validateRequest(token, call.headers['x-twilio-signature'], callback, call.form));
    assert.ok(!twilio.validateRequest('1'.repeat(32), call.headers['x-twilio-signature'], callback, call.form));
  }
});

test('inbound webhook with a MessagingResponse reply', async () => {
  const reply = new twilio.twiml.MessagingResponse();
  reply.message({ action: url('/reply-status') }).body('Réponse <ok> & merci');
  answers.set('/sms', [200, reply.toString(), 'text/xml']);
  await client.incomingPhoneNumbers((await line()).sid).update({ smsUrl: url('/sms'), smsMethod: 'POST' });
  await onAir('+41796660003', 'Question?');
  const [call] = await webhooks((r) => r.path === '/sms' && r.form.From === '+41796660003');
  assert.strictEqual(call.form.Body, 'Question?');
  assert.ok(twilio.validateRequest(token, call.headers['x-twilio-signature'], url('/sms'), call.form));
  const calls = await webhooks((r) => r.path === '/reply-status', 2);
  assert.deepStrictEqual(calls.map((c) => c.form.MessageStatus), ['sent', 'delivered']);
  const [sent] = await client.messages.list({ to: '+41796660003' });
  assert.strictEqual(sent.body, 'Réponse <ok> & merci');
  assert.strictEqual(sent.direction, 'outbound-reply');
});
