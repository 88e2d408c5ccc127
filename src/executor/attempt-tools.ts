import type { ArtifactFiles } from '../artifacts/artifact-files';
import type { Clock } from '../clock/clock';
import type { Config } from '../config/config';
import type { ControlPlane } from './control-plane';
import type { StepRunner } from './step-runner';
import type { UnsentLogBudget } from './unsent-log-budget';

/** The parts of a worker that all its attempts use. */
export interface AttemptTools {
  config: Config;
  clock: Clock;
  control: ControlPlane;
  artifacts: ArtifactFiles;
  steps: StepRunner;
  logBudget: UnsentLogBudget;
  /** Whether a server uses the data folder too, and deletes there what belongs to a run. */
  sharesDataDir: boolean;
}
