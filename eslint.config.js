import vue from 'eslint-plugin-vue'
import { defineConfig, globalIgnores } from 'eslint/config'
import typescript from 'typescript-eslint'
import { house } from './scripts/lint/house.mjs'

/** What a host provides: none of it exists for core, whose results must follow from its arguments. */
const hostGlobals = [
  ...['process', 'Buffer', 'global', 'globalThis', 'require', '__dirname', '__filename', 'window', 'document', 'self'],
  ...['console', 'navigator', 'location', 'localStorage', 'sessionStorage', 'indexedDB', 'crypto', 'Worker'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'queueMicrotask'],
  ...['requestAnimationFrame', 'fetch', 'XMLHttpRequest', 'WebSocket', 'Date', 'performance', 'Intl'],
]

const noDice = {
  object: 'Math',
  property: 'random',
  message: 'A result must follow from its seed: take a Random (core/statistics/random.ts).',
}

export default defineConfig(
  globalIgnores(['out/', 'dist/', '.cache/', 'src-main/formats/onnx/schema/onnx_pb.ts']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{js,mjs}'],
    rules: { 'no-unused-vars': 'error', 'prefer-const': 'error', 'no-var': 'error', eqeqeq: 'error' },
  },
  {
    files: ['**/*.ts'],
    extends: [typescript.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './tsconfig.web.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
  },
  { files: ['**/*.vue'], extends: [typescript.configs.recommended, vue.configs['flat/recommended']] },
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: typescript.parser } },
    rules: {
      // Layout is prettier's.
      'vue/html-indent': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/no-v-html': 'error',
      // With TypeScript an optional prop without a default is simply undefined.
      'vue/require-default-prop': 'off',
    },
  },
  {
    files: ['src-main/**/*.ts', 'src-renderer/**/*.{ts,vue}'],
    plugins: { house },
    rules: { 'house/imports': 'error' },
  },
  {
    files: ['**/*.{ts,vue}'],
    rules: {
      '@typescript-eslint/no-explicit-any': ['error', { fixToUnknown: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.ts'],
    rules: {
      // Ports and results are plain objects: their functions don't use this.
      '@typescript-eslint/unbound-method': 'off',
      // values[i]! says "in bounds" to the reader, though the compiler doesn't ask for it.
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      // Ports are promises whatever the implementation does, and numbers in messages are what messages are for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
    },
  },
  {
    // Matchers like expect.any() are any; and here ESLint takes what comes out of a .vue file for any, where vue-tsc
    // knows better.
    files: ['test/**/*.ts', 'src-renderer/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['test/**/*.ts'],
    ignores: ['test/fixtures/{own-,}temporary.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          name: 'node:os',
          importNames: ['tmpdir'],
          message: 'Take folders from test/fixtures/temporary.ts: it sees to it that none is left behind.',
        },
      ],
    },
  },
  {
    files: ['src-main/core/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...hostGlobals.map((name) => ({
          name,
          message: 'core is pure: what it needs from outside comes through ports.ts (Clock, Random, Journal, …).',
        })),
      ],
      'no-restricted-properties': ['error', noDice],
    },
  },
  { files: ['src-main/{formats,datasets,runs}/**/*.ts'], rules: { 'no-restricted-properties': ['error', noDice] } },
)
