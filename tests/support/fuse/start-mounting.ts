import { mountSysfs } from '@iommu/sysfs/mount';

/* A program that mounts a machine and waits; it becomes one file. Words: the machine, the directory, options, all as JSON. */
const [machine = '', directory = '', options = ''] = process.argv.slice(2);
const { server, ...rest } = JSON.parse(options);
const mount = await mountSysfs(JSON.parse(machine), directory, { ...rest, server: new URL(server) });
process.stdout.write(`${JSON.stringify({ path: mount.path, pid: mount.pid })}\n`);
await mount.ended;
