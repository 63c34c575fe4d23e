// `npm start`: the main job on a machine that comes with the checkout.
import { build, install, root, run } from './workspace.mjs';

install();
build();
process.exit(run(process.execPath, [`${root}/examples/first-look/first-look.mjs`]));
