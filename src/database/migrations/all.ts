import { FirstTables1700000000001 } from './1-first-tables';
import { StreamPlaces1700000000002 } from './2-stream-places';
import { QuotaAndInputs1700000000003 } from './3-quota-and-inputs';
import { RunHistory1700000000004 } from './4-run-history';
import { StopReports1700000000005 } from './5-stop-reports';
import { LogSections1700000000006 } from './6-log-sections';
import { EndedSessions1700000000007 } from './7-ended-sessions';
import { LeaseTokens1700000000008 } from './8-lease-tokens';
import { Bounds1700000000009 } from './9-bounds';
import { HandedOutRuns1700000000010 } from './10-handed-out-runs';
import { Clocks1700000000011 } from './11-clocks';
import { ForeignEvents1700000000012 } from './12-foreign-events';
import { Installation1700000000013 } from './13-installation';
import { EventHashes1700000000014 } from './14-event-hashes';
import { EventEffects1700000000015 } from './15-event-effects';
import { RecordedDeadlines1700000000016 } from './16-recorded-deadlines';
import { StepOutputs1700000000017 } from './17-step-outputs';
import { WatchedFiles1700000000018 } from './18-watched-files';
import { SecretParams1700000000019 } from './19-secret-params';
import { RunNumbers1700000000020 } from './20-run-numbers';
import { Schedules1700000000021 } from './21-schedules';
import { Notifications1700000000022 } from './22-notifications';
import { Retention1700000000023 } from './23-retention';
import { LiveResults1700000000024 } from './24-live-results';
import { RunSearches1700000000025 } from './25-run-searches';

/** All migrations, in order. Append new ones, and never change a released one. */
export const MIGRATIONS = [
  FirstTables1700000000001,
  StreamPlaces1700000000002,
  QuotaAndInputs1700000000003,
  RunHistory1700000000004,
  StopReports1700000000005,
  LogSections1700000000006,
  EndedSessions1700000000007,
  LeaseTokens1700000000008,
  Bounds1700000000009,
  HandedOutRuns1700000000010,
  Clocks1700000000011,
  ForeignEvents1700000000012,
  Installation1700000000013,
  EventHashes1700000000014,
  EventEffects1700000000015,
  RecordedDeadlines1700000000016,
  StepOutputs1700000000017,
  WatchedFiles1700000000018,
  SecretParams1700000000019,
  RunNumbers1700000000020,
  Schedules1700000000021,
  Notifications1700000000022,
  Retention1700000000023,
  LiveResults1700000000024,
  RunSearches1700000000025,
];
