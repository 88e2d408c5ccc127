import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module';
import { EndedSessionEntity } from './ended-session.entity';
import { EndedSessionRepository } from './ended-session.repository';
import { LoginBrake } from './login-brake';
import { LoginController } from './login.controller';
import { Sessions } from './sessions';

@Module({
  imports: [DatabaseModule.forFeature([EndedSessionEntity])],
  controllers: [LoginController],
  providers: [EndedSessionRepository, LoginBrake, Sessions],
})
export class AccessModule {}
