import { Injectable } from '@nestjs/common';

/** Whether this process is on its way out: it then takes nothing new on, and finishes what it has. */
@Injectable()
export class Lifecycle {
  private stoppingSince: number | null = null;

  get isStopping(): boolean {
    return this.stoppingSince !== null;
  }

  beginStopping(): void {
    this.stoppingSince ??= Date.now();
  }
}
