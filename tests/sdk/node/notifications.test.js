'use strict';
// The unmodified Twilio SDK for Node: what went wrong with webhooks. tests/sdk/test_notifications.py starts the gateway, lets a callback fail, and passes
// CELLPOST_URL, CELLPOST_ACCOUNT, CELLPOST_TOKEN, CELLPOST_MESSAGE (whose callback it was), CELLPOST_HOOK (its URL).
const test = require('node:test');
const assert = require('node:assert');
const twilio = require('twilio');

const { CELLPOST_URL: base, CELLPOST_ACCOUNT: account, CELLPOST_TOKEN: token, CELLPOST_MESSAGE: message, CELLPOST_HOOK: hook } = process.env;
const client = twilio(account, token);
client.api.baseUrl = client.monitor.baseUrl = base;

test('notifications: list, filter, fetch', async () => {
  const note = (await client.notifications.list({ log: 0, pageSize: 1 })).find((n) => n.messageText.includes(message));
  assert.ok(note);
  assert.strictEqual(note.errorCode, '11217');
  assert.strictEqual(note.log, '0');
  assert.strictEqual(note.requestUrl, hook);
  assert.ok(note.messageDate instanceof Date && !Number.isNaN(note.messageDate.getTime()));
  const listed = async (filter) => (await client.notifications.list(filter)).some((n) => n.sid === note.sid);
  assert.ok(await listed({ messageDate: note.messageDate }));
  assert.ok(!(await listed({ log: 1 })));
  assert.ok(!(await listed({ messageDateBefore: new Date(note.messageDate.getTime() - 2 * 86400000) })));
  const whole = await client.notifications(note.sid).fetch();
  assert.strictEqual(whole.responseBody, 'nothing here');
  assert.ok(whole.requestVariables.includes(`MessageSid=${message}`));
  await assert.rejects(client.notifications(`NO${'0'.repeat(32)}`).fetch(), (error) => error.status === 404 && error.code === 20404);
});

test('alerts: list over pages, filter, fetch', async () => {
  const alert = (await client.monitor.v1.alerts.list({ logLevel: 'error', pageSize: 1 })).find((a) => a.resourceSid === message);
  assert.ok(alert);
  assert.strictEqual(alert.errorCode, '11217');
  assert.strictEqual(alert.logLevel, 'error');
  assert.strictEqual(alert.requestUrl, hook);
  assert.strictEqual(alert.url, `${base}/v1/Alerts/${alert.sid}`);
  assert.ok(alert.dateGenerated instanceof Date && !Number.isNaN(alert.dateGenerated.getTime()));
  const listed = async (filter) => (await client.monitor.v1.alerts.list(filter)).some((a) => a.sid === alert.sid);
  assert.ok(await listed({ startDate: new Date(alert.dateGenerated.getTime() - 3600000) }));
  assert.ok(!(await listed({ startDate: new Date(alert.dateGenerated.getTime() + 3600000) })));
  assert.ok(!(await listed({ logLevel: 'warning' })));
  const whole = await client.monitor.v1.alerts(alert.sid).fetch();
  assert.strictEqual(whole.responseBody, 'nothing here');
  assert.ok(whole.requestVariables.includes(`MessageSid=${message}`));
  await assert.rejects(client.monitor.v1.alerts(`NO${'0'.repeat(32)}`).fetch(), (error) => error.status === 404 && error.code === 20404);
});
