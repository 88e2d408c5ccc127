const { readFileSync } = require('node:fs');
const { join, relative, sep } = require('node:path');
const typescript = require('typescript');

const ROOT = join(__dirname, '..', '..');
const SRC = join(ROOT, 'src');

// The application is required as it was built: it starts programs of its own, which are files beside its modules.
// Compiles other required TypeScript files, because Node cannot run TypeScript with decorators.
require.extensions['.ts'] = (module, fileName) => {
  if (fileName.startsWith(SRC + sep)) {
    module.exports = require(join(ROOT, 'dist', relative(SRC, fileName).replace(/\.ts$/, '.js')));
    return;
  }
  const compilerOptions = {
    module: typescript.ModuleKind.CommonJS,
    target: typescript.ScriptTarget.ES2022,
    esModuleInterop: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    useDefineForClassFields: false,
    inlineSourceMap: true,
  };
  const source = readFileSync(fileName, 'utf8');
  module._compile(typescript.transpileModule(source, { compilerOptions, fileName }).outputText, fileName);
};
require('reflect-metadata');
