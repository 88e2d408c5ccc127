// The built server, which makes its first pass over old runs soon after its start instead of minutes later.
const { join } = require('node:path');

const DIST = join(__dirname, '..', 'dist');
const FIRST_AFTER_MS = Number(process.env.FIRST_PASS_AFTER_MS ?? 5000);
const { RetentionSchedule } = require(join(DIST, 'retention', 'retention-schedule.js'));

RetentionSchedule.prototype.onApplicationBootstrap = function () {
  this.waitFor(FIRST_AFTER_MS);
};
require(join(DIST, 'main.js'));
