import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Renderer } from 'typedoc';

const mermaid = fileURLToPath(new URL('mermaid.min.js', import.meta.resolve('mermaid')));

/**
 * A plugin of typedoc: what draws in a reader's browser goes along, for `draw.js`.
 *
 * @param {import('typedoc').Application} app
 */
export const bringMermaid = (app) => {
  app.renderer.on(Renderer.EVENT_END, ({ outputDirectory }) => {
    copyFileSync(mermaid, join(outputDirectory, 'assets/mermaid.min.js'));
  });
};
