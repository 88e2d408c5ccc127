const { compileFunction } = require('node:vm');
const { createRequire } = require('node:module');
const { dirname, isAbsolute, join, relative, resolve, sep } = require('node:path');
const { default: Runtime } = require('jest-runtime');

const ROOT = resolve(__dirname, '..', '..');
const SRC = join(ROOT, 'src');

/**
 * Jest loads everything again for each spec file: Nest and TypeORM alone take longer than most specs. Here the worker
 * process loads packages and the application once, as Node does, the application from the build; only the specs and
 * what is below test/ belong to one spec.
 */
module.exports = class SharedModulesRuntime extends Runtime {
  contexts = [];

  constructor(...given) {
    super(...given);
    const { executor } = this;
    // Of this realm, see one-realm.environment.cjs.
    executor.compile = (source, filename) =>
      compileFunction(source, executor.injectedModuleParameters, { filename });
  }

  /** Jest's own: it makes a context for each spec, and each slows down every promise of the process from then on. */
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
