import { Injectable } from '@nestjs/common';

/** Whether this process is on its way out: it then takes nothing new on, and finishes what it has. */
@Injectable()
export class Lifecycle {
  private hasBegunStopping = false;

  get isStopping(): boolean {
    return this.hasBegunStopping;
  }

  beginStopping(): void {
    this.hasBegunStopping = true;
  }
}
