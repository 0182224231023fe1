export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } },
    ],
    '\\.js$': ['@swc/jest', { jsc: { target: 'es2024' } }],
  },
  // The storage client loads its fetch by import(), which a test's context cannot do as it is; transformed, it can.
  transformIgnorePatterns: [
    '/node_modules/(?!(teeny-request|gaxios|node-fetch|fetch-blob|formdata-polyfill|data-uri-to-buffer)/)',
  ],
  testTimeout: 60_000,
};
