import type { Given } from './pages-signal';

/** Returns a project that reports progress and metrics, prints to both outputs, and creates a file. */
export function searchProject(signal: Given): string {
  const program = `
    const fs = require('node:fs');
    const tell = (report) => fs.writeSync(3, JSON.stringify(report) + '\\n');
    const params = JSON.parse(process.env.JOBATO_PARAMS);
    console.log('looking for ' + params.label + ', deep ' + params.deep + ', at most ' + params.maxTerms);
    console.error('a warning');
    tell({ progress: { current: 1, total: 4, message: 'first page' }, metrics: { newJobsCount: 3 } });
    const wait = setInterval(() => {
      if (!fs.existsSync(${JSON.stringify(signal.path)})) return;
      clearInterval(wait);
      console.log('and the rest');
      fs.writeFileSync(process.env.JOBATO_RUN_DIR + '/result.md', 'found');
      tell({ progress: { current: 4, total: 4 }, metrics: { newJobsCount: 12, relevantCount: 7 } });
      tell({ artifact: { path: 'result.md' } });
    }, 20);`;
  return `id: search
name: Job search
params:
  label: { type: string, default: all, description: What to look for }
  maxTerms: { type: integer, default: 200, min: 1, max: 2000 }
  deep: { type: boolean, default: true }
steps:
  - name: look
    command: [${JSON.stringify(process.execPath)}, -e, ${JSON.stringify(program)}]
  - name: publish
    command: [${JSON.stringify(process.execPath)}, -e, "console.log('published')"]
`;
}

/** Runs until it is stopped. */
export const ENDLESS_PROJECT = `id: endless
name: Endless
steps:
  - name: wait
    command: [${JSON.stringify(process.execPath)}, -e, "console.log('at it'); setInterval(() => {}, 1000)"]
`;

export const BROKEN_PROJECT = 'id: broken\nsteps: nothing\n';
