const { TestEnvironment } = require('jest-environment-node');

/**
 * Runs a spec in the realm of its Jest worker process instead of a new one. Specs of one process therefore share
 * loaded modules (see shared-modules.runtime.cjs). Restores the state of the process after each spec.
 */
module.exports = class OneRealmEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    const { moduleMocker, fakeTimersModern } = this;
    this.global = globalThis;
    this.moduleMocker = new moduleMocker.constructor(globalThis);
    this.fakeTimersModern = new fakeTimersModern.constructor({
      config: config.projectConfig,
      global: globalThis,
    });
    this.before = {
      env: { ...process.env },
      cwd: process.cwd(),
      exit: process.exit,
      console: globalThis.console,
    };
  }

  async teardown() {
    const { env, cwd, exit, console } = this.before;
    this.moduleMocker.restoreAllMocks();
    await super.teardown();
    // Otherwise Jest would report the next spec to the reporters of this one.
    delete globalThis[Symbol.for('EVENT_HANDLERS')];
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
    Object.assign(process.env, env);
    process.chdir(cwd);
    process.exit = exit;
    globalThis.console = console;
  }
};
