import { coalmine as expressMarks } from '@coalmine/express'
import { coalmine as fastifyMarks } from '@coalmine/fastify'
import { isTestTraffic, markFlag } from '@coalmine/marks'
import { trace } from '@opentelemetry/api'
import express from 'express'
import fastify from 'fastify'
import { serve } from './serve.cjs'

await serve({ express, fastify, expressMarks, fastifyMarks, isTestTraffic, markFlag, trace })
