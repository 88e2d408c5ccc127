import { Injectable } from '@nestjs/common';
import {
  attention,
  type Finding,
  type HealthIndicator,
  healthy,
  IndicatorOf,
} from '../health/health-indicator';
import { MISSING_FILE, ResultFiles } from './result-files';

/** Whether the pointers of all projects lead to their live results. */
@Injectable()
@IndicatorOf('results')
export class ResultsHealth implements HealthIndicator {
  constructor(private readonly files: ResultFiles) {}

  check(): Finding {
    const [problem] = this.files.problems;
    if (problem === undefined) return healthy('pointers lead to the live results');
    const [projectId, code] = problem;
    if (code === MISSING_FILE)
      return attention(
        `The file of the live result of project "${projectId}" is missing. Go back to an earlier result, start a run, ` +
          'or restore the folder "results" in DATA_DIR.',
      );
    throw new Error(
      `The pointer to the live result of project "${projectId}" could not be written (${code}). ` +
        'Check the folder "results" in DATA_DIR and the path in "result.pointer".',
    );
  }
}
