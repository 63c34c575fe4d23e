import { defineConfig } from 'tsup';
import { library } from '../../tsup.base.js';
import { THEMES } from './src/theme.js';

export default defineConfig(
  library({
    entry: {
      index: 'src/index.ts',
      ...Object.fromEntries(THEMES.map((theme) => [theme, `src/themes/${theme}.ts`])),
    },
    splitting: true,
  }),
);
