import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './fake-root.js';

const LONGEST = 120_000;

/** Scripts that are there; none that is made of a text, as by `eval()` and `new Function()`: many pages allow no such. */
const POLICY = "script-src 'unsafe-inline' file:";

/** A file as a headless Chromium shows it: its document when all scripts have run. @param folder - For what Chromium keeps. */
const shown = (file: string, folder: string): string => {
  const { stdout, stderr, status } = spawnSync(
    'chromium-headless-shell',
    [
      // Without the rights to make a sandbox, as in a container; the page is ours.
      '--no-sandbox',
      '--disable-gpu',
      `--user-data-dir=${join(folder, 'profile')}`,
      '--virtual-time-budget=100000',
      '--dump-dom',
      `file://${file}`,
    ],
    { encoding: 'utf8', timeout: LONGEST, killSignal: 'SIGKILL', maxBuffer: 256 * 1024 * 1024 },
  );
  if (stdout === '') throw new Error(`Chromium ended with ${status} and shows nothing: ${stderr.slice(-2000)}`);
  return stdout;
};

/** A page that is a file, when all of its scripts have run. */
export const shownPage = (file: string): string => shown(file, temporaryFolder());

/** What stands between the words of a page, not to be taken for its end. */
const inPage = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

/**
 * Do something in a page of a headless Chromium.
 *
 * @param work - JavaScript: the body of an async function of `data`; the page is empty. What it returns comes back by JSON.
 * @param scripts - Files that are loaded before.
 */
export const inBrowser = <T>(work: string, data: unknown, scripts: readonly string[] = []): T => {
  const folder = temporaryFolder();
  const page = `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}"><title>test</title><body>
${scripts.map((path) => `<script src="file://${path}"></script>`).join('\n')}
<script>
  (async (data) => { ${work} })(${inPage(data)})
    .then((value) => ({ value }), (error) => ({ error: String(error?.stack ?? error) }))
    .then((outcome) => { document.body.textContent = 'outcome:' + encodeURIComponent(JSON.stringify(outcome)) + ':' });
</script>`;
  writeFileSync(join(folder, 'page.html'), page);
  const document = shown(join(folder, 'page.html'), folder);
  const [, text] = /outcome:([^:]*):/.exec(document) ?? [];
  if (text === undefined) throw new Error('Chromium shows no outcome');
  const { value, error } = JSON.parse(decodeURIComponent(text));
  if (error !== undefined) throw new Error(`in the page: ${error}`);
  return value;
};
