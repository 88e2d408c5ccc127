const { setImmediate } = require('node:timers/promises');
const { TestEnvironment } = require('jest-environment-node');

/** Turns of the event loop in which a server that was closed disappears. */
const TURNS = 100;

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
      servers: listeningServers(),
    };
  }

  async teardown() {
    const { env, cwd, exit, console, servers } = this.before;
    this.moduleMocker.restoreAllMocks();
    await super.teardown();
    // Otherwise Jest would report the next spec to the reporters of this one.
    delete globalThis[Symbol.for('EVENT_HANDLERS')];
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
    Object.assign(process.env, env);
    process.chdir(cwd);
    process.exit = exit;
    globalThis.console = console;
    // An application that a spec leaves running shares its modules with the next specs, and takes part in them.
    let left = listeningServers() - servers;
    for (let turn = 0; left > 0 && turn < TURNS; turn += 1) {
      await setImmediate();
      left = listeningServers() - servers;
    }
    if (left > 0)
      throw new Error(`The spec left ${left} listening server(s). Stop each application it starts.`);
  }
};

function listeningServers() {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;
}
