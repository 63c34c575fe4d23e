/*
 * The process that serves a mount, when a program brings none of its own: started by `mountSysfs()`, never imported.
 */
import { serveMachine } from './fuse/serve-machine.js';

await serveMachine();
