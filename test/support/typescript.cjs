const { readFileSync } = require('node:fs');
const typescript = require('typescript');

// Compiles required TypeScript files, because Node cannot run TypeScript with decorators.
require.extensions['.ts'] = (module, fileName) => {
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
