import { Module } from '@nestjs/common';
import { IntakeModule } from '../intake/intake.module';
import { ResultsModule } from '../results/results.module';
import { RunsModule } from '../runs/runs.module';
import { WorkersModule } from '../workers/workers.module';
import { ArtifactFiles } from './artifact-files';
import { ArtifactUploads } from './artifact-uploads';
import { ArtifactsController } from './artifacts.controller';
import { AttemptFolders } from './attempt-folders';
import { UploadFiles } from './upload-files';
import { WorkerArtifactsController } from './worker-artifacts.controller';
import { WorkerResultController } from './worker-result.controller';

/** The files that runs create: a folder for each run, downloads, and uploads of external workers. */
@Module({
  imports: [IntakeModule, ResultsModule, RunsModule, WorkersModule],
  controllers: [ArtifactsController, WorkerArtifactsController, WorkerResultController],
  providers: [ArtifactFiles, AttemptFolders, ArtifactUploads, UploadFiles],
  exports: [ArtifactFiles, AttemptFolders],
})
export class ArtifactsModule {}
