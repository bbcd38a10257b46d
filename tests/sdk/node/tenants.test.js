'use strict';
// Subaccounts and keys through the unmodified SDK for Node; tests/sdk/test_tenants.py starts the gateway and passes CELLPOST_URL,
// CELLPOST_ACCOUNT and CELLPOST_TOKEN.
const test = require('node:test');
const assert = require('node:assert');
const twilio = require('twilio');

const { CELLPOST_URL: base, CELLPOST_ACCOUNT: account, CELLPOST_TOKEN: token } = process.env;

function connect(user = account, password = token, options = {}) {
  const client = twilio(user, password, options);
  client.api.baseUrl = base;
  return client;
}
const client = connect();
const refused = (promise, status, code) =>
  assert.rejects(promise, (error) => { assert.deepStrictEqual([error.status, error.code], [status, code]); return true; });

test('subaccount: made, listed, suspended, closed', async () => {
  const made = await client.api.v2010.accounts.create({ friendlyName: 'Node tenant' });
  assert.strictEqual(made.ownerAccountSid, account);
  const tenant = connect(made.sid, made.authToken);
  assert.strictEqual((await tenant.api.v2010.accounts(made.sid).fetch()).friendlyName, 'Node tenant');
  const listed = await client.api.v2010.accounts.list({ friendlyName: 'Node tenant' });
  assert.deepStrictEqual(listed.map((one) => one.sid), [made.sid]);
  await refused(tenant.api.v2010.accounts(account).fetch(), 404, 20404);
  await refused(tenant.api.v2010.accounts.create({}), 403, 20006);
  await client.api.v2010.accounts(made.sid).update({ status: 'suspended' });
  await refused(tenant.messages.list({ limit: 1 }), 401, 20005);
  assert.strictEqual((await client.api.v2010.accounts(made.sid).update({ status: 'closed' })).status, 'closed');
  await refused(tenant.messages.list({ limit: 1 }), 403, 20403);
});

test('keys: made, used, renamed, revoked', async () => {
  const key = await client.newKeys.create({ friendlyName: 'node' });
  assert.match(key.secret, /^[0-9A-Za-z]{32}$/);
  const byKey = connect(key.sid, key.secret, { accountSid: account });
  assert.deepStrictEqual(await byKey.messages.list({ limit: 1, to: '+41790000000' }), []);
  assert.strictEqual((await byKey.api.v2010.accounts(account).fetch()).authToken, null);
  await refused(byKey.newSigningKeys.create({}), 403, 20006);
  assert.strictEqual((await client.keys(key.sid).update({ friendlyName: 'other' })).friendlyName, 'other');
  assert.ok((await client.signingKeys.list()).some((one) => one.sid === key.sid));
  assert.strictEqual(await client.keys(key.sid).remove(), true);
  await refused(byKey.messages.list({ limit: 1 }), 401, 20003);
  await refused(client.keys(key.sid).fetch(), 404, 20404);
});
