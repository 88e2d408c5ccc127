import { Injectable } from '@nestjs/common';
import { type Finding, type HealthIndicator, healthy, IndicatorOf } from '../health/health-indicator';
import { LiveResults } from './live-results';

/** Whether the pointers of all projects lead to their live results. */
@Injectable()
@IndicatorOf('results')
export class ResultsHealth implements HealthIndicator {
  constructor(private readonly results: LiveResults) {}

  check(): Finding {
    const [problem] = this.results.problems;
    if (problem === undefined) return healthy('pointers lead to the live results');
    const [projectId, code] = problem;
    throw new Error(
      `The pointer to the live result of project "${projectId}" could not be written (${code}). ` +
        'Check the folder "results" in DATA_DIR and the path in "result.pointer".',
    );
  }
}
