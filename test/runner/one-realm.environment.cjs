const { TestEnvironment } = require('jest-environment-node');

/**
 * Runs a spec in the realm of its worker process, and not in one of its own: so it can share what is loaded with the
 * specs before it (see shared-modules.runtime.cjs). What a spec changes of the process is put back after it.
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
    // Jest would go on telling the reporters of this spec about the next.
    delete globalThis[Symbol.for('EVENT_HANDLERS')];
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
    Object.assign(process.env, env);
    process.chdir(cwd);
    process.exit = exit;
    globalThis.console = console;
  }
};
