import { readFileSync } from 'node:fs';
import { extname, relative } from 'node:path';
import { Application, DocumentReflection } from 'typedoc';
import { root } from '../workspace.mjs';

/** In which colours a file is shown. */
const LANGUAGES = { '.ts': 'typescript', '.mjs': 'javascript', '.json': 'json' };

/** Longer than any fence within a file. */
const FENCE = '`'.repeat(8);

const showFile = (project, path) => {
  const text = `${FENCE}${LANGUAGES[extname(path)] ?? 'text'}\n${readFileSync(path, 'utf8')}\n${FENCE}\n`;
  const name = relative(root, path);
  const heading = { kind: 'text', text: `# ${name}\n\n` };
  const page = new DocumentReflection(name, project, [heading, { kind: 'code', text }], { group: 'Files' });
  project.addChild(page);
  project.registerReflection(page, undefined, path);
};

/**
 * A plugin of typedoc: a file that a text leads to, a source, a licence, is a page. Copied as it is, a browser would offer to
 * save it.
 *
 * @param {Application} app
 */
export const showFiles = (app) => {
  // When all texts are read, and before pages are put under headings.
  app.on(
    Application.EVENT_PROJECT_REVIVE,
    (project) => {
      for (const path of project.files.getMediaPaths().sort()) showFile(project, path);
    },
    -50,
  );
};
