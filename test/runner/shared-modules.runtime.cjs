const { compileFunction } = require('node:vm');
const { createRequire } = require('node:module');
const { dirname, isAbsolute, join, relative, resolve, sep } = require('node:path');
const { default: Runtime } = require('jest-runtime');

const ROOT = resolve(__dirname, '..', '..');
const SRC = join(ROOT, 'src');

/**
 * Jest reloads every module for each spec file, and Nest and TypeORM alone take longer than most specs. This
 * runtime loads packages and the built application once per process, as Node does. Only the specs and files below
 * test/ load per spec.
 */
module.exports = class SharedModulesRuntime extends Runtime {
  contexts = [];

  constructor(...given) {
    super(...given);
    const { executor } = this;
    // Compiles in this realm; see one-realm.environment.cjs.
    executor.compile = (source, filename) =>
      compileFunction(source, executor.injectedModuleParameters, { filename });
  }

  /**
   * Collects the async contexts that Jest creates for each spec: each one slows down every later promise of the
   * process until it is disabled.
   */
  requireInternalModule(from, name) {
    const loaded = super.requireInternalModule(from, name);
    if (name !== 'node:async_hooks') return loaded;
    const { contexts } = this;
    class AsyncLocalStorage extends loaded.AsyncLocalStorage {
      constructor(...given) {
        super(...given);
        contexts.push(this);
      }
    }
    return { ...loaded, AsyncLocalStorage };
  }

  teardown() {
    super.teardown();
    for (const context of this.contexts) context.disable();
  }

  requireModule(from, name, options, isRequireActual) {
    if (name === undefined || options?.isInternalModule)
      return super.requireModule(from, name, options, isRequireActual);
    if (!name.startsWith('.') && !isAbsolute(name)) return createRequire(from)(name);
    const path = resolve(dirname(from), name);
    const isOfTheApplication = path.startsWith(SRC + sep) && !path.endsWith('.spec');
    if (isOfTheApplication) return require(join(ROOT, 'dist', relative(SRC, path)));
    return super.requireModule(from, name, options, isRequireActual);
  }
};
