import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Folders, makeFolders, RunningApp } from '../support/jobato';

const CONFIG = join(__dirname, '..', '..', 'config');

/** The job search that comes with Jobato, after two runs over its recorded postings. */
export class JobSearch {
  private constructor(
    readonly jobato: RunningApp,
    private readonly folders: Folders,
  ) {}

  static async open(): Promise<JobSearch> {
    const folders = makeFolders({});
    cpSync(CONFIG, folders.configDir, { recursive: true });
    const jobato = await RunningApp.start(folders);
    for (let run = 1; run <= 2; run++) {
      const { runId } = await jobato.trigger('job-search', { triggeredBy: 'manual' });
      await jobato.untilEnded(runId);
    }
    return new JobSearch(jobato, folders);
  }

  async close(): Promise<void> {
    await this.jobato.stop();
    rmSync(this.folders.root, { recursive: true, force: true });
  }
}
