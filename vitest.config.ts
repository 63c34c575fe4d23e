import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['@iommu/source'] },
  ssr: { resolve: { conditions: ['@iommu/source'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'tests/**/*.test.ts'],
    setupFiles: ['tests/setup/seed.ts'],
    globalSetup: ['tests/setup/announce.ts'],
    testTimeout: 60_000,
  },
});
