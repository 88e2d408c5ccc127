import { Module } from '@nestjs/common';
import { QuotaUsage } from './quota-usage';
import { Quotas } from './quotas';

@Module({ providers: [Quotas, QuotaUsage], exports: [Quotas, QuotaUsage] })
export class QuotaModule {}
