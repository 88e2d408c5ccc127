/**
 * The built server, which makes passes over old runs one after the other, beginning with its start, instead of every hour.
 * Tests kill it at random times.
 */
const { join } = require('node:path');

const DIST = join(__dirname, '..', '..', 'dist');
const { RetentionSchedule } = require(join(DIST, 'retention', 'retention-schedule.js'));

RetentionSchedule.prototype.onApplicationBootstrap = function () {
  const again = async () => {
    await this.now();
    if (!this.purger.isStopping) setTimeout(again, 20);
  };
  void again();
};
require(join(DIST, 'main.js'));
