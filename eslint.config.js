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
  'packages/relay': ['packet', 'session', 'socket'],
  'apps/server': ['packet', 'socket', 'session', 'relay', 'logging', 'config', 'terminal', 'program'],
  'apps/client': ['packet', 'socket', 'session', 'relay', 'logging', 'config', 'terminal', 'program'],
  'apps/demo': ['server', 'client', 'program', 'terminal'],
  'apps/e2e': ['packet', 'socket', 'session', 'relay', 'logging', 'config', 'program', 'server', 'client'],
  'apps/simulation': ['packet', 'socket', 'session', 'relay', 'program', 'server', 'client'],
  'apps/bench': ['packet', 'socket', 'session', 'relay', 'logging', 'config'],
};

// Where a function may have six parameters, and why.
const MANY_PARAMETERS = [
  // `write` has the signature of node:fs, whose place it takes.
  'packages/logging/src/file/patient-files.ts',
  // A property of fast-check gets each of its arbitrary values as a parameter.
  'packages/socket/test/addon.test.ts',
];

const MEMORY_NETWORK = 'socket/testing';

/** The files of a folder may import its own package and these, and nothing else of @relay. */
const onlyImport = (files, folder, allowed, others = []) => ({
  files,
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^@relay/(?!(${[folder.split('/')[1], ...allowed].map((name) => `${name}(/|$)`).join('|')}))`,
            message: `${folder} may import of ours only: ${allowed.join(', ') || 'nothing'} (docs/architecture.md)`,
          },
          { regex: '^(\\.\\./)+(packages|apps)/', message: 'Import packages by name.' },
          ...others,
        ],
      },
    ],
  },
});

const directions = Object.entries(MAY_IMPORT).flatMap(([folder, allowed]) => [
  onlyImport([`${folder}/**/*.{ts,js}`], folder, allowed, [
    { regex: `^@relay/${MEMORY_NETWORK}$`, message: 'Only tests run on the network in memory.' },
  ]),
  onlyImport([`${folder}/{test,soak}/**/*.ts`], folder, [...allowed, MEMORY_NETWORK]),
]);

export default tseslint.config(
  {
    ignores: [
      ...['**/dist/**', '**/build/**', '**/node_modules/**', '**/.turbo/**', '**/coverage/**'],
      // Made by scripts/former-release.js.
      '**/former/release/**',
    ],
  },
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
  // A function has one task and a file one subject. Every line counts, comments and blanks too.
  { files: ['**/*.{ts,js,mjs}'], rules: { 'max-params': ['error', 5], 'max-lines': ['error', 400] } },
  // Not the tests: a `describe` is one function over all that it groups.
  { files: ['**/*.{ts,js,mjs}'], ignores: ['**/test/**'], rules: { 'max-lines-per-function': ['error', 60] } },
  ...MANY_PARAMETERS.map((file) => ({ files: [file], rules: { 'max-params': ['error', 6] } })),
  ...directions,
);
