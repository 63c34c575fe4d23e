/* A process of its own that enters a view: its standard streams and signals are those of the program. */
import { enterView, type View } from '@iommu/sysfs/view';

const [view = '{}', program = '', ...args] = process.argv.slice(2);
try {
  process.exitCode = await enterView(JSON.parse(view) as View, program, args);
} catch (error) {
  console.error(String(error));
  process.exitCode = 99;
}
