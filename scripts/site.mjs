// `npm run site`: the reference of all packages and the guides as static pages, in the folder `site`.
import { build, install, root, run } from './workspace.mjs';

install();
build();
const status = run('typedoc', ['--logLevel', 'Warn']);
if (status === 0) console.log(`${root}site/index.html`);
process.exit(status);
