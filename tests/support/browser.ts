import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './fake-root.js';

const LONGEST = 120_000;

/** Scripts that are there; none that is made of a text, as by `eval()` and `new Function()`: many pages allow no such. */
const POLICY = "script-src 'unsafe-inline' file:";

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
  const { stdout, stderr, status } = spawnSync(
    'chromium-headless-shell',
    [
      // Without the rights to make a sandbox, as in a container; the page is ours.
      '--no-sandbox',
      '--disable-gpu',
      `--user-data-dir=${join(folder, 'profile')}`,
      '--virtual-time-budget=100000',
      '--dump-dom',
      `file://${join(folder, 'page.html')}`,
    ],
    { encoding: 'utf8', timeout: LONGEST, killSignal: 'SIGKILL', maxBuffer: 256 * 1024 * 1024 },
  );
  const [, text] = /outcome:([^:]*):/.exec(stdout) ?? [];
  if (text === undefined) throw new Error(`Chromium ended with ${status} and no outcome: ${stderr.slice(-2000)}`);
  const { value, error } = JSON.parse(decodeURIComponent(text));
  if (error !== undefined) throw new Error(`in the page: ${error}`);
  return value;
};
