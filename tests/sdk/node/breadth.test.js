'use strict';
// The unmodified Twilio SDK for Node: what the other files leave out of the API's breadth. tests/sdk/test_breadth.py starts the gateway and passes
// CELLPOST_URL, CELLPOST_ACCOUNT, CELLPOST_TOKEN, CELLPOST_SERVICE (one of the configuration), CELLPOST_FROM (a line).
const test = require('node:test');
const assert = require('node:assert');
const twilio = require('twilio');

const { CELLPOST_URL: base, CELLPOST_ACCOUNT: account, CELLPOST_TOKEN: token, CELLPOST_SERVICE: configured, CELLPOST_FROM: from } = process.env;
const to = '+41792223366';
const absent = '0'.repeat(32);

function connect(user = account, password = token, options = {}) {
  const client = twilio(user, password, options);
  for (const product of ['api', 'messaging', 'lookups', 'verify', 'content', 'accounts']) client[product].baseUrl = base;
  return client;
}
const client = connect();

async function refused(promise, status, code) {
  await assert.rejects(promise, (error) => {
    assert.strictEqual(error.constructor.name, 'RestException', error.stack);
    assert.deepStrictEqual([error.status, error.code], [status, code]);
    assert.strictEqual(error.moreInfo, `https://www.twilio.com/docs/errors/${code}`);
    assert.ok(error.message);
    return true;
  });
}

// Five new ones of a resource: through pages of two, forth and back, one by one, and cut by a limit.
async function walk(make, resource, remove) {
  const made = [];
  for (let n = 0; n < 5; n++) made.unshift((await make(n)).sid);
  const sids = (page) => page.instances.map((item) => item.sid);
  const first = await resource.page({ pageSize: 2 });
  assert.deepStrictEqual(sids(first), made.slice(0, 2));
  const second = await first.nextPage();
  assert.deepStrictEqual(sids(second), made.slice(2, 4));
  assert.deepStrictEqual(sids(await second.previousPage()), made.slice(0, 2));
  const each = [];
  await new Promise((resolve, reject) => resource.each(
    { pageSize: 3, limit: 5, callback: (item) => each.push(item.sid), done: (error) => (error ? reject(error) : resolve()) }));
  assert.deepStrictEqual(each, made);
  assert.strictEqual((await resource.list({ limit: 4, pageSize: 2 })).length, 4);
  for (const sid of made) assert.strictEqual(await remove(sid), true);
}

test('keys', async () => {
  await walk((n) => client.newKeys.create({ friendlyName: `k${n}` }), client.keys, (sid) => client.keys(sid).remove());
  const made = await client.newKeys.create({ friendlyName: 'a' });
  const byKey = connect(made.sid, made.secret, { accountSid: account });
  assert.ok((await byKey.messages.list({ limit: 1 })).length);
  await refused(byKey.keys.list({ limit: 1 }), 403, 20006);
  assert.strictEqual((await client.keys(made.sid).fetch()).friendlyName, 'a');
  assert.strictEqual((await client.keys(made.sid).update({ friendlyName: 'b' })).friendlyName, 'b');
  await client.keys(made.sid).remove();
  await refused(client.keys(made.sid).fetch(), 404, 20404);
});

test('signing keys', async () => {
  await walk((n) => client.newSigningKeys.create({ friendlyName: `s${n}` }), client.signingKeys, (sid) => client.signingKeys(sid).remove());
  const made = await client.newSigningKeys.create({});
  assert.strictEqual((await client.signingKeys(made.sid).update({ friendlyName: 'b' })).friendlyName, 'b');
  assert.strictEqual((await client.signingKeys(made.sid).fetch()).friendlyName, 'b');
  assert.strictEqual(await client.signingKeys(made.sid).remove(), true);
});

test('subaccounts', async () => {
  const made = await client.api.v2010.accounts.create({ friendlyName: 'node' });
  assert.strictEqual(made.ownerAccountSid, account);
  assert.strictEqual((await client.api.v2010.accounts(made.sid).fetch()).type, 'Full');
  assert.ok((await client.api.v2010.accounts.list({ friendlyName: 'node' })).some((a) => a.sid === made.sid));
  const tenant = connect(made.sid, made.authToken);
  assert.deepStrictEqual(await tenant.messages.list(), []);
  assert.deepStrictEqual(await tenant.incomingPhoneNumbers.list(), []);
  assert.strictEqual((await client.api.v2010.accounts(made.sid).update({ status: 'suspended' })).status, 'suspended');
  await refused(tenant.messages.list(), 401, 20005);
  assert.strictEqual((await client.api.v2010.accounts(made.sid).update({ status: 'closed' })).status, 'closed');
  await refused(tenant.messages.list(), 403, 20403);
});

test('applications', async () => {
  await walk((n) => client.applications.create({ friendlyName: `a${n}` }), client.applications, (sid) => client.applications(sid).remove());
  const made = await client.applications.create({ friendlyName: 'app', smsUrl: 'https://a.test/sms', voiceCallerIdLookup: true });
  assert.strictEqual((await client.applications(made.sid).fetch()).smsUrl, 'https://a.test/sms');
  assert.strictEqual((await client.applications(made.sid).update({ smsMethod: 'GET' })).smsMethod, 'GET');
  const sent = await client.messages.create({ to, from, body: 'app', applicationSid: made.sid });
  assert.strictEqual(sent.status, 'queued');
  await refused(client.applications(made.sid).update({ smsMethod: 'PUT' }), 400, 21403);
  assert.strictEqual(await client.applications(made.sid).remove(), true);
  await refused(client.applications(made.sid).fetch(), 404, 20404);
});

test('numbers of each kind', async () => {
  const mobile = await client.incomingPhoneNumbers.mobile.list();
  assert.ok(mobile.some((n) => n.phoneNumber === from));
  assert.deepStrictEqual(await client.incomingPhoneNumbers.local.list(), []);
  assert.deepStrictEqual(await client.incomingPhoneNumbers.tollFree.list(), []);
  const [number] = await client.incomingPhoneNumbers.list({ phoneNumber: from });
  await refused(client.incomingPhoneNumbers(number.sid).remove(), 400, 20001);
  await refused(client.incomingPhoneNumbers.create({ phoneNumber: '+41791230000' }), 400, 21422);
  await refused(client.incomingPhoneNumbers(number.sid).update({ smsUrl: 'nope' }), 400, 21402);
});

test('media and feedback', async () => {
  const { sid } = await client.messages.create({ to, from, body: 'm', provideFeedback: true });
  await refused(client.messages(sid).media(`ME${absent}`).fetch(), 404, 20404);
  await refused(client.messages(sid).media(`ME${absent}`).remove(), 404, 20404);
  const told = await client.messages(sid).feedback.create({ outcome: 'confirmed' });
  assert.strictEqual(told.outcome, 'confirmed');
  assert.strictEqual(told.messageSid, sid);
});

test('notifications', async () => {
  const [note] = await client.notifications.list({ limit: 1 });
  assert.match(note.sid, /^NO/);
  assert.ok(note.messageDate instanceof Date && !Number.isNaN(note.messageDate.getTime()));
  const whole = await client.notifications(note.sid).fetch();
  assert.strictEqual(whole.errorCode, note.errorCode);
  assert.strictEqual(typeof whole.requestVariables, 'string');
  await refused(client.notifications(`NO${absent}`).fetch(), 404, 20404);
});

test('balance and usage', async () => {
  assert.strictEqual((await client.balance.fetch()).balance, '0.00');
  const { records } = client.usage;
  assert.ok((await records.list({ category: 'sms' })).length);
  for (const view of [records.daily, records.monthly, records.yearly, records.thisMonth, records.lastMonth, records.yesterday, records.allTime])
    for (const row of await view.list({ limit: 2, pageSize: 1 })) assert.ok(row.startDate instanceof Date || typeof row.startDate === 'string');
});

test('a service and all it may hold', async () => {
  const service = await client.messaging.v1.services.create({ friendlyName: 'all' });
  const context = client.messaging.v1.services(service.sid);
  const [number] = await client.incomingPhoneNumbers.list({ phoneNumber: from });
  await context.phoneNumbers.create({ phoneNumberSid: number.sid });
  assert.deepStrictEqual((await context.phoneNumbers.list()).map((n) => n.phoneNumber), [from]);
  assert.strictEqual((await context.phoneNumbers(number.sid).fetch()).countryCode, 'CH');
  const alpha = await context.alphaSenders.create({ alphaSender: 'Acme' });
  assert.strictEqual((await context.alphaSenders(alpha.sid).fetch()).alphaSender, 'Acme');
  assert.strictEqual((await context.alphaSenders.list()).length, 1);
  const abroad = await context.destinationAlphaSenders.create({ alphaSender: 'AcmeDE', isoCountryCode: 'DE' });
  assert.strictEqual((await context.destinationAlphaSenders(abroad.sid).fetch()).isoCountryCode, 'DE');
  assert.ok((await context.destinationAlphaSenders.list({ isoCountryCode: 'DE' })).some((s) => s.sid === abroad.sid));
  assert.strictEqual(await context.destinationAlphaSenders(abroad.sid).remove(), true);
  assert.strictEqual(await context.alphaSenders(alpha.sid).remove(), true);
  assert.deepStrictEqual(await context.shortCodes.list(), []);
  await refused(context.shortCodes.create({ shortCodeSid: `SC${absent}` }), 404, 20404);
  await refused(context.shortCodes(`SC${absent}`).fetch(), 404, 20404);
  await refused(context.shortCodes(`SC${absent}`).remove(), 404, 20404);
  assert.deepStrictEqual(await context.channelSenders.list(), []);
  await refused(context.channelSenders.create({ sid: `XE${absent}` }), 404, 20404);
  await refused(context.channelSenders(`XE${absent}`).fetch(), 404, 20404);
  await refused(context.channelSenders(`XE${absent}`).remove(), 404, 20404);
  await refused(client.messaging.v1.services(configured).update({ friendlyName: 'x' }), 409, 20409);
  assert.ok((await client.messaging.v1.usecases.fetch()).usecases.length);
  assert.strictEqual(await context.remove(), true);
});

test('verify', async () => {
  const service = await client.verify.v2.services.create({ friendlyName: 'Acme' });
  const context = client.verify.v2.services(service.sid);
  assert.strictEqual((await context.fetch()).codeLength, 6);
  assert.strictEqual((await context.update({ codeLength: 8 })).codeLength, 8);
  const sent = await context.verifications.create({ to: '+41795557002', channel: 'sms' });
  assert.strictEqual((await context.verifications(sent.sid).fetch()).status, 'pending');
  assert.strictEqual((await context.verificationChecks.create({ to: '+41795557002', code: '0000000' })).valid, false);
  assert.strictEqual((await context.verifications(sent.sid).update({ status: 'canceled' })).status, 'canceled');
  assert.deepStrictEqual(await context.rateLimits.list(), []);
  await refused(context.rateLimits.create({ uniqueName: 'ip' }), 403, 60204);
  assert.strictEqual(await context.remove(), true);
});

test('content', async () => {
  const types = { 'twilio/text': { body: 'Hi {{1}}' } };
  await walk((n) => client.content.v1.contents.create({ friendly_name: `c${n}`, language: 'en', types, variables: { 1: 'x' } }),
    client.content.v1.contents, (sid) => client.content.v1.contents(sid).remove());
});

test('consents', async () => {
  const number = '+41790077099';
  const item = (status) => JSON.stringify({ contact_id: number, correlation_id: 'a'.repeat(32), sender_id: from, status, source: 'website' });
  const out = await client.accounts.v1.bulkConsents.create({ items: [item('opt-out')] });
  assert.strictEqual(out.items[0].error_code, 0);
  await refused(client.messages.create({ to: number, from, body: 'x' }), 400, 21610);
  await client.accounts.v1.bulkConsents.create({ items: [item('opt-in')] });
  assert.ok((await client.messages.create({ to: number, from, body: 'x' })).sid);
});

test('lookups', async () => {
  const first = await client.lookups.v1.phoneNumbers('+41791112233').fetch({ type: ['carrier'] });
  assert.strictEqual(first.countryCode, 'CH');
  await refused(client.lookups.v1.phoneNumbers('+1415').fetch(), 404, 20404);
});

test('lists of what is not there', async () => {
  const { addresses, authorizedConnectApps, conferences, connectApps, outgoingCallerIds, queues, recordings, shortCodes, sip, transcriptions,
          calls, availablePhoneNumbers } = client;
  const near = availablePhoneNumbers('CH');
  for (const resource of [addresses, authorizedConnectApps, conferences, connectApps, outgoingCallerIds, queues, recordings, shortCodes, sip.domains,
    sip.credentialLists, sip.ipAccessControlLists, transcriptions, calls, availablePhoneNumbers, near.local, near.machineToMachine, near.mobile,
    near.national, near.sharedCost, near.tollFree, near.voip])
    assert.deepStrictEqual(await resource.list({ limit: 3, pageSize: 1 }), []);
  await refused(queues.create({ friendlyName: 'q' }), 404, 20404);
  await refused(client.validationRequests.create({ phoneNumber: to }), 404, 20404);
  await refused(calls.create({ to, from, url: 'http://x.test/' }), 404, 20404);
  await refused(calls(`CA${absent}`).fetch(), 404, 20404);
  await refused(sip.domains.create({ domainName: 'x.sip.test' }), 404, 20404);
  await refused(sip.credentialLists.create({ friendlyName: 'x' }), 404, 20404);
  await refused(sip.ipAccessControlLists.create({ friendlyName: 'x' }), 404, 20404);
  await refused(client.usage.triggers.create({ callbackUrl: 'http://x.test/', triggerValue: '1', usageCategory: 'sms' }), 404, 20404);
});

test('errors as a program tells them apart', async () => {
  await refused(connect(account, '1'.repeat(32)).messaging.v1.services.list(), 401, 20003);
  await refused(connect(account, token, { accountSid: `AC${'f'.repeat(32)}` }).messages.list(), 404, 20404);
  await refused(client.messages(`SM${absent}`).fetch(), 404, 20404);
  await refused(client.messages(`SM${absent}`).remove(), 404, 20404);
  await refused(client.messages.page({ pageToken: 'PAnonsense', pageNumber: 1 }), 400, 20001);
  await refused(client.messages.create({ to, from, body: 'x', scheduleType: 'fixed', sendAt: new Date() }), 400, 35118);
  await refused(client.messages.create({ to, from, body: 'x', mediaUrl: ['https://x.test/a.png'] }), 400, 21621);
  await refused(client.messages.create({ to, messagingServiceSid: `MG${'9'.repeat(32)}`, body: 'x' }), 400, 21701);
  await refused(client.messages.create({ to, from, contentSid: `HX${absent}` }), 400, 21655);
  await refused(client.messages.create({ to: `whatsapp:${to}`, from, body: 'x' }), 400, 21211);
});
