const { coalmine: expressMarks } = require('@coalmine/express')
const { coalmine: fastifyMarks } = require('@coalmine/fastify')
const { isTestTraffic, markFlag } = require('@coalmine/marks')
const { trace } = require('@opentelemetry/api')
const express = require('express')
const fastify = require('fastify')
const { serve } = require('./serve.cjs')

serve({ express, fastify, expressMarks, fastifyMarks, isTestTraffic, markFlag, trace })
