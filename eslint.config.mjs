import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const SIX_DEPENDENCIES = {
  selector: 'MethodDefinition[kind="constructor"] > FunctionExpression[params.length>6]',
  message: 'A class with more than six dependencies does more than one thing.',
};
const SQL_IN_REPOSITORIES = ['Literal[value=/%/]', 'TemplateElement[value.raw=/%/]'].map((selector) => ({
  selector: selector.replace(
    '%',
    '\\b(SELECT|INSERT INTO|DELETE FROM|UPDATE \\w+ SET)\\b|^ ?(WHERE|ORDER BY) \\w+',
  ),
  message: 'SQL belongs in a repository: a file *.repository.ts.',
}));

export default tseslint.config(
  {
    ignores: [
      'dist/**',
      'node_modules/**',
      'data/**',
      '**/*.cjs',
      '**/*.mjs',
      'types/*.d.ts',
      'bench/peers/**',
    ],
  },
  {
    // Sent to browsers as written. tsconfig.public.json checks the types of its JSDoc.
    files: ['public/**/*.js'],
    extends: [js.configs.recommended],
    languageOptions: { globals: globals.browser },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Nest decorators and parsed JSON are checked where they enter (DTOs, schemas).
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Read it through src/config/config.ts.' },
      ],
    },
  },
  {
    files: [
      'src/main.ts',
      'src/worker.ts',
      'src/config/**',
      'src/pipelines/**',
      'src/cli/**',
      'test/**',
      'bench/**',
    ],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['**/*.spec.ts', '**/*.contract.ts'],
    rules: {
      // test/runner/projects.cjs has the one limit, which only ends a hang. A limit for one test fails on a busy machine.
      'no-restricted-syntax': [
        'error',
        {
          selector: 'CallExpression[callee.object.name="jest"][callee.property.name="setTimeout"]',
          message: 'A test has no time limit of its own.',
        },
        {
          selector:
            'CallExpression[callee.name=/^(it|test|beforeAll|beforeEach|afterAll|afterEach)$/] > Literal.arguments:last-child[raw=/^[0-9_]+$/]',
          message: 'A test has no time limit of its own.',
        },
      ],
    },
  },
  {
    files: ['src/**/*.repository.ts', 'src/database/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', SIX_DEPENDENCIES] },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/**/*.repository.ts', 'src/database/**', 'src/**/*.spec.ts'],
    rules: { 'no-restricted-syntax': ['error', SIX_DEPENDENCIES, ...SQL_IN_REPOSITORIES] },
  },
  prettier,
);
