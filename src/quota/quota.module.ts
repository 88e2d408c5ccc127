import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module';
import { QuotaUsage } from './quota-usage';
import { QuotaUsageEntity } from './quota-usage.entity';
import { Quotas } from './quotas';

@Module({
  imports: [DatabaseModule.forFeature([QuotaUsageEntity])],
  providers: [Quotas, QuotaUsage],
  exports: [Quotas, QuotaUsage],
})
export class QuotaModule {}
