import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module';
import { QuotaUsageRepository } from './quota-usage.repository';
import { QuotaUsageEntity } from './quota-usage.entity';
import { Quotas } from './quotas';

@Module({
  imports: [DatabaseModule.forFeature([QuotaUsageEntity])],
  providers: [Quotas, QuotaUsageRepository],
  exports: [Quotas, QuotaUsageRepository],
})
export class QuotaModule {}
