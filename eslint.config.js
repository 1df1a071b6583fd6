import tseslint from 'typescript-eslint';

// The directions of docs/architecture.md: what each package may import of ours. Nothing else of
// @relay is allowed.
const MAY_IMPORT = {
  'packages/packet': [],
  'packages/logging': [],
  'packages/config': [],
  'packages/terminal': [],
  'packages/program': ['config', 'logging', 'packet', 'socket', 'terminal'],
  'packages/socket': ['packet'],
  'packages/session': ['packet'],
  'apps/server': ['packet', 'socket', 'session', 'logging', 'config', 'terminal', 'program'],
  'apps/client': ['packet', 'socket', 'session', 'logging', 'config', 'terminal', 'program'],
  'apps/demo': ['server', 'client', 'program', 'terminal'],
  'apps/e2e': ['packet', 'socket', 'session', 'logging', 'config', 'program', 'server', 'client'],
  'apps/simulation': ['packet', 'socket', 'session', 'program', 'server', 'client'],
  'apps/bench': ['packet', 'socket', 'session', 'logging', 'config'],
};

const directions = Object.entries(MAY_IMPORT).map(([folder, allowed]) => {
  const own = folder.split('/')[1];
  const names = [own, ...allowed].map((name) => `${name}(/|$)`).join('|');
  return {
    files: [`${folder}/**/*.{ts,js}`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^@relay/(?!(${names}))`,
              message: `${folder} may import of ours only: ${allowed.join(', ') || 'nothing'} (docs/architecture.md)`,
            },
            { regex: '^(\\.\\./)+(packages|apps)/', message: 'Import packages by name.' },
          ],
        },
      ],
    },
  };
});

export default tseslint.config(
  { ignores: ['**/dist/**', '**/build/**', '**/node_modules/**', '**/.turbo/**', '**/coverage/**'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    // Each package lints itself from its own folder.
    languageOptions: { parserOptions: { project: ['tsconfig.test.json'], tsconfigRootDir: process.cwd() } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
    },
  },
  { files: ['**/*.{js,mjs}'], extends: [...tseslint.configs.recommended] },
  ...directions,
);
